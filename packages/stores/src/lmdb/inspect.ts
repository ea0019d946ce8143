import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_OPTIONS } from './client.ts';

const MAGIC = 0xbeefc0de;
const META_BYTES = 160;
/** Places in a meta page of lmdb 3.5 (LMDB 0.9.90 with a page header of 24 bytes). */
const AT = { magic: 24, pageSize: 48, freeRoot: 88, mainRoot: 136, lastPage: 144, txn: 152 } as const;
/** Root of an empty tree. */
const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/**
 * Looks at the data file before LMDB maps it, because LMDB trusts its file: a cut or overwritten one ends the process with
 * a bus error, which no catch sees. What only looks odd is tried in a child process, so that a healthy store is never refused.
 *
 * @returns why the store cannot be read; undefined where it can, or is new
 */
export function damage(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(join(path, 'data.mdb'), 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : (error as Error).message;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const meta = newestMeta(file);
    if (meta === undefined) return 'data.mdb is no LMDB file, or its first pages are damaged';
    return looksWhole(file, size, meta) ? undefined : tryInChild(path);
  } finally {
    closeSync(file);
  }
}

function newestMeta(file: number): Buffer | undefined {
  const first = Buffer.alloc(META_BYTES);
  if (readSync(file, first, 0, META_BYTES, 0) < META_BYTES || first.readUInt32LE(AT.magic) !== MAGIC) return undefined;
  const second = Buffer.alloc(META_BYTES);
  if (readSync(file, second, 0, META_BYTES, first.readUInt32LE(AT.pageSize)) < META_BYTES) return undefined;
  if (second.readUInt32LE(AT.magic) !== MAGIC) return undefined;
  return second.readBigUInt64LE(AT.txn) > first.readBigUInt64LE(AT.txn) ? second : first;
}

/** Do all pages lie in the file, and do both trees begin with a page that knows its own number? */
function looksWhole(file: number, size: number, meta: Buffer): boolean {
  const pageSize = meta.readUInt32LE(AT.pageSize);
  if ((Number(meta.readBigUInt64LE(AT.lastPage)) + 1) * pageSize > size) return false;
  return [AT.freeRoot, AT.mainRoot].every((at) => {
    const root = meta.readBigUInt64LE(at);
    if (root === NO_PAGE) return true;
    const page = Buffer.alloc(8);
    return readSync(file, page, 0, 8, Number(root) * pageSize) === 8 && page.readBigUInt64LE() === root;
  });
}

/** Reads every entry in a process of its own. Pages at the end that were freed before they were written are no damage. */
function tryInChild(path: string): string | undefined {
  const script = `
    const { open } = await import(process.argv[1]);
    const db = open({ path: process.argv[2], ...JSON.parse(process.argv[3]), readOnly: true });
    for (const { value } of db.getRange({ start: Buffer.from([0]) })) value.at(-1);`;
  const lmdb = import.meta.resolve('lmdb');
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script, lmdb, path, JSON.stringify(CLIENT_OPTIONS)], {
    stdio: 'ignore',
  });
  return run.status === 0 ? undefined : 'pages of data.mdb are missing or damaged';
}
