import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '../process.ts';
import type { Server } from '../server.ts';
import { jars } from './maven.ts';

const VERSION = '2.0.0';

/** What Flink asks of Java 17. */
const OPENS = [
  'java.lang',
  'java.lang.reflect',
  'java.util',
  'java.util.concurrent',
  'java.util.concurrent.atomic',
  'java.time',
  'java.text',
]
  .concat(['java.net', 'java.io', 'java.nio', 'sun.nio.ch'])
  .flatMap((name) => ['--add-opens', `java.base/${name}=ALL-UNNAMED`]);

/**
 * Flink's SQL client with a cluster in the same process, which runs the statements of a job until it is stopped. Its address is that of the REST
 * interface. Ready when the job runs.
 *
 * @param sql statements, the last of them an INSERT that does not end
 * @throws NotAvailable where there is no Java or no Maven
 */
export async function startFlink(sql: string): Promise<Server> {
  const libs = await jars('flink', VERSION);
  return runLocal(1, ([rest = 0], directory) => {
    const at = (name: string): string => join(directory, name);
    mkdirSync(at('conf'));
    writeFileSync(at('conf/config.yaml'), config(at('tmp')));
    // Not in the configuration: the client's own gateway would take the port.
    writeFileSync(at('job.sql'), `SET 'rest.port' = '${rest}';\nSET 'rest.bind-port' = '${rest}';\n${sql}`);
    return {
      name: 'flink',
      address: `http://127.0.0.1:${rest}`,
      details: { version: VERSION },
      command: 'java',
      args: [
        ...OPENS,
        ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'],
        ...['-cp', `${libs}/*`, 'org.apache.flink.table.client.SqlClient', '-f', at('job.sql')],
      ],
      env: { FLINK_CONF_DIR: at('conf') },
      ready: async () => {
        const response = await fetch(`http://127.0.0.1:${rest}/jobs`, { signal: AbortSignal.timeout(5_000) });
        const { jobs } = (await response.json()) as { jobs: { status: string }[] };
        if (!jobs.some(({ status }) => status === 'RUNNING')) throw new Error(`its jobs are ${JSON.stringify(jobs)}`);
      },
    };
  });
}

/** With `table.dml-sync` the client waits for the job: when it ends, so does the cluster. */
const config = (tmp: string): string => `
execution.target: local
table.dml-sync: "true"
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
io.tmp.dirs: ${tmp}
parallelism.default: 1
taskmanager.numberOfTaskSlots: 1
taskmanager.memory.network.min: 32mb
taskmanager.memory.network.max: 32mb
taskmanager.memory.managed.size: 32mb
`;
