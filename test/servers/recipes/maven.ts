import { fileURLToPath } from 'node:url';
import { built } from '../cache.ts';
import { command, has } from '../process.ts';
import { NotAvailable } from '../server.ts';

/** The jars of a server, by the pom.xml beside the recipe; Maven's own settings and mirrors count. */
export async function jars(name: string, version: string): Promise<string> {
  if (!(await has('java', '-version'))) throw new NotAvailable(`${name} needs Java 17, and there is no java on the PATH`);
  const pom = fileURLToPath(new URL(`${name}/pom.xml`, import.meta.url));
  return built(`${name}-${version}`, async (directory) => {
    if (!(await has('mvn', '-v'))) throw new NotAvailable(`${name} comes from Maven, and there is no mvn on the PATH`);
    await command('mvn', [
      '-q',
      '-B',
      '-ntp',
      '-f',
      pom,
      `-Dserver.version=${version}`,
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${directory}`,
    ]);
  });
}

/** The version of `java`, its major number. */
export async function javaMajor(): Promise<number> {
  const text = await command('java', ['-XshowSettings:properties', '--version']);
  return Number(/\b(\d+)(?:\.\d+)*/.exec(text)?.[1] ?? 0);
}
