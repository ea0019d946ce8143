import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, freePorts, has, lastLines } from './process.ts';
import type { ImageName, Server, ServerName, ServerOptions } from './server.ts';
import { answersCql, answersHttp, answersKafka, answersMongo } from './wire.ts';

/** Pinned; the same ones as in compose.yaml. */
const IMAGES: Readonly<Record<ImageName, string>> = {
  kafka: 'apache/kafka:4.0.0',
  cassandra: 'cassandra:5.0.2',
  mongo: 'mongo:8.0.4',
  prometheus: 'prom/prometheus:v2.53.3',
  alertmanager: 'prom/alertmanager:v0.27.0',
  toxiproxy: 'shopify/toxiproxy:2.1.4',
};

interface Container {
  readonly address: string;
  readonly details?: Readonly<Record<string, string>>;
  /** Ports that are published on loopback, the same inside and outside unless `inside` says otherwise. */
  readonly ports: readonly number[];
  readonly inside?: number;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  ready(): Promise<void>;
}

let answers: Promise<boolean> | undefined;
/** Does a Docker engine answer? Asked once. */
export function dockerAnswers(): Promise<boolean> {
  answers ??= has('docker', 'info');
  return answers;
}

/** Can the image do what is asked? Passwords, TLS and proxies of a broker need the recipe. */
export function imageServes(name: ServerName, options: ServerOptions): name is ImageName {
  return (
    name in IMAGES &&
    !options.auth &&
    !options.secure &&
    options.proxyPort === undefined &&
    (name !== 'toxiproxy' || process.platform === 'linux')
  );
}

export async function startDocker(name: ImageName, options: ServerOptions): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'auspex-docker-'));
  const [port = 0] = await freePorts(1);
  const container = describe(name, port, directory, options);
  const publish = container.flags?.includes('--network=host')
    ? []
    : container.ports.flatMap((each) => ['-p', `127.0.0.1:${each}:${container.inside ?? each}`]);
  const run = ['run', '-d', '--label', 'auspex-tests', ...publish, ...(container.flags ?? []), IMAGES[name], ...(container.args ?? [])];
  const id = (await command('docker', run)).trim();
  const ready = async (): Promise<void> => {
    const until = performance.now() + 180_000;
    for (;;) {
      try {
        await container.ready();
        return;
      } catch (error) {
        if (performance.now() > until) {
          const log = await command('docker', ['logs', '--tail', '30', id]).catch(() => '');
          throw new Error(
            `${name} in Docker does not answer after 180 s (${(error as Error).message}). Its last lines:\n${lastLines(log, 30)}`,
          );
        }
        await sleep(200);
      }
    }
  };
  const stop = async (): Promise<void> => {
    await command('docker', ['rm', '-f', '-v', id]).catch(() => '');
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    if (name === 'mongo') await makeReplicaSet(id, port);
    await ready();
  } catch (error) {
    await stop();
    throw error;
  }
  const kill = async (): Promise<void> => {
    await command('docker', ['kill', id]).catch(() => '');
  };
  return {
    name,
    address: container.address,
    from: 'docker',
    details: { version: IMAGES[name], ...container.details },
    pid: undefined,
    stop,
    kill,
    async restart() {
      await kill();
      await command('docker', ['start', id]);
      await ready();
    },
  };
}

async function makeReplicaSet(id: string, port: number): Promise<void> {
  const script = `rs.initiate({ _id: 'rs', members: [{ _id: 0, host: '127.0.0.1:${port}' }] })`;
  for (let attempt = 0; ; attempt++) {
    try {
      await command('docker', ['exec', id, 'mongosh', '--quiet', '--port', String(port), '--eval', script]);
      return;
    } catch (error) {
      if (attempt >= 60) throw error;
      await sleep(500);
    }
  }
}

function describe(name: ImageName, port: number, directory: string, options: ServerOptions): Container {
  const http = `http://127.0.0.1:${port}`;
  switch (name) {
    case 'kafka': {
      const env = {
        NODE_ID: '1',
        PROCESS_ROLES: 'broker,controller',
        LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:9093`,
        ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
        LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
        CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        TRANSACTION_STATE_LOG_MIN_ISR: '1',
        GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      };
      const flags = Object.entries(env).flatMap(([key, value]) => ['-e', `KAFKA_${key}=${value}`]);
      return { address: `127.0.0.1:${port}`, ports: [port], flags, ready: () => answersKafka(port) };
    }
    case 'cassandra':
      return {
        address: `127.0.0.1:${port}`,
        details: { datacenter: 'datacenter1' },
        ports: [port],
        inside: 9042,
        flags: ['-e', 'MAX_HEAP_SIZE=768M', '-e', 'HEAP_NEWSIZE=128M', '--entrypoint', 'bash'],
        // One node alone keeps what it acknowledged only if it syncs first.
        args: [
          '-c',
          'sed -i -e "s/^commitlog_sync: .*/commitlog_sync: batch/" -e "/^commitlog_sync_period/d" /etc/cassandra/cassandra.yaml && exec docker-entrypoint.sh cassandra -f',
        ],
        ready: () => answersCql(port),
      };
    case 'mongo':
      return {
        address: `mongodb://127.0.0.1:${port}/?directConnection=true`,
        details: { host: `127.0.0.1:${port}` },
        ports: [port],
        args: ['mongod', '--replSet', 'rs', '--bind_ip_all', '--port', String(port)],
        ready: () => answersMongo(port),
      };
    case 'prometheus': {
      writeFileSync(join(directory, 'prometheus.yml'), options.config ?? 'global: {scrape_interval: 1s, evaluation_interval: 1s}\n');
      for (const [file, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, file), text);
      const args = ['--config.file=/etc/auspex/prometheus.yml', '--storage.tsdb.retention.time=10y', '--web.enable-remote-write-receiver'];
      return {
        address: http,
        ports: [port],
        inside: 9090,
        flags: ['-v', `${directory}:/etc/auspex:ro`, '--user', 'root'],
        args: [...args, '--web.enable-lifecycle', '--web.enable-admin-api'],
        ready: () => answersHttp(`${http}/-/ready`),
      };
    }
    case 'alertmanager':
      writeFileSync(join(directory, 'alertmanager.yml'), options.config ?? 'route: {receiver: none}\nreceivers: [{name: none}]\n');
      return {
        address: http,
        ports: [port],
        inside: 9093,
        flags: ['-v', `${directory}:/etc/auspex:ro`, '--user', 'root'],
        args: ['--config.file=/etc/auspex/alertmanager.yml', '--cluster.listen-address='],
        ready: () => answersHttp(`${http}/-/ready`),
      };
    case 'toxiproxy':
      return {
        address: http,
        ports: [port],
        // Its proxies listen on ports that are chosen later.
        flags: ['--network=host'],
        args: ['-host=127.0.0.1', `-port=${port}`],
        ready: () => answersHttp(`${http}/version`),
      };
  }
}
