// Optional packages are no dependency of the workspace: TensorFlow alone is 300 MB. AUSPEX_TEST_PEERS names a folder that has them.
const folder = process.env['AUSPEX_TEST_PEERS'];
if (folder) process.env['AUSPEX_PEERS'] = folder;

/** Whether this run must have them all, as CI's must: then one that is missing is a failure, and no skipped test. */
export const required: boolean = Boolean(folder);

/** Loud, as a run without it proves less than it seems to. */
export function tellMissing(why: string): void {
  process.stderr.write(`\n*** ${why}: its tests are skipped; with AUSPEX_TEST_PEERS=FOLDER that is a failure (CONTRIBUTING.md)\n\n`);
}
