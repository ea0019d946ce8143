import { type Server, type ServerName, startServer, VARIABLES } from './index.ts';

const NAMES: readonly ServerName[] = ['kafka', 'cassandra', 'mongo', 'prometheus', 'alertmanager', 'toxiproxy', 'moto'];
const [verb, ...wanted] = process.argv.slice(2);
const unknown = wanted.filter((name) => !NAMES.includes(name as ServerName));
if (verb !== 'up' || wanted.length === 0 || unknown.length > 0) {
  process.stderr.write(
    `${unknown.length > 0 ? `unknown: ${unknown.join(', ')}\n` : ''}usage: node test/servers/cli.mjs up ${NAMES.join(' | ')} ...\n`,
  );
  process.exit(2);
}

const servers: Server[] = [];
let stopping: Promise<void> | undefined;
function stop(): Promise<void> {
  stopping ??= Promise.all(servers.map((server) => server.stop())).then(() => undefined);
  return stopping;
}
// Before the first one starts: Ctrl-C in the middle ends those that are up. What is still starting ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop().finally(() => process.exit(0)));

const results = await Promise.allSettled(
  wanted.map(async (name) => {
    const server = await startServer(name as ServerName);
    servers.push(server);
    // Lines that a shell and an .env file take.
    process.stdout.write(`${VARIABLES[name as ServerName] ?? `${server.name.toUpperCase()}_URL`}=${server.address}\n`);
  }),
);
const failed = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []));
if (failed.length > 0) {
  process.stderr.write(`${failed.join('\n')}\n`);
  await stop();
  process.exit(1);
}
process.stderr.write('Ctrl-C stops them.\n');
// A guard keeps no process alive; this does.
setInterval(() => undefined, 60_000);
