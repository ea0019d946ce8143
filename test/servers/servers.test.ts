import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NotAvailable, need, proxy, type Server, type ServerName, startServer } from './index.ts';
import { answersHaproxy } from './recipes/haproxy.ts';
import { Kube } from './recipes/kubernetes/kube.ts';
import { answersCql, answersHttp, answersKafka, answersMongo } from './wire.ts';

const CHECKS: Readonly<Record<ServerName, (server: Server) => Promise<void>>> = {
  kafka: (server) => answersKafka(port(server.address)),
  cassandra: (server) => answersCql(port(server.address)),
  mongo: (server) => answersMongo(port(server.address)),
  prometheus: (server) => answersHttp(`${server.address}/-/ready`),
  alertmanager: (server) => answersHttp(`${server.address}/-/ready`),
  toxiproxy: (server) => answersHttp(`${server.address}/version`),
  kubernetes: (server) => new Kube(server.address, server.details['token']).call('GET', '/readyz'),
  moto: (server) => answersHttp(`${server.address}/moto-api/`),
  haproxy: (server) => answersHaproxy(server.details['socket'] as string),
  redfish: (server) => answersHttp(`${server.address}/redfish/v1/Systems`),
};
const port = (address: string): number => Number(/:(\d+)(?:\/.*)?$/.exec(address)?.[1]);
/** Only where there is a /proc; elsewhere that it answers no more has to do. */
const gone = (pid: number): boolean => !existsSync('/proc/self') || !existsSync(`/proc/${pid}`);

async function within(ms: number, holds: () => boolean): Promise<boolean> {
  for (const until = performance.now() + ms; performance.now() < until; await sleep(50)) if (holds()) return true;
  return holds();
}

describe('test servers', () => {
  it.for(Object.keys(CHECKS) as ServerName[])(
    '%s answers, dies, comes back at the same address and stops',
    { timeout: 3_600_000 },
    async (name, context) => {
      const server = await need(name, context, { own: true });
      const { address, pid } = server;
      try {
        await CHECKS[name](server);
        await server.kill();
        if (pid !== undefined) expect(gone(pid)).toBe(true);
        await expect(CHECKS[name](server)).rejects.toThrow();
        await server.restart();
        expect(server.address).toBe(address);
        await CHECKS[name](server);
      } finally {
        await server.stop();
      }
      await server.stop();
      await expect(CHECKS[name](server)).rejects.toThrow();
    },
  );

  it('kafka listens for a proxy, for passwords and for TLS where asked', async (context) => {
    const toxiproxy = await need('toxiproxy', context);
    const kafka = await need('kafka', context, { secure: true, proxyPort: 1 });
    try {
      const between = await proxy(toxiproxy, kafka.details['viaProxy'] as string);
      await answersKafka(between.port);
      await between.enable(false);
      await expect(answersKafka(between.port)).rejects.toThrow();
      await between.enable(true);
      await between.add('timeout', { timeout: 0 });
      await expect(answersKafka(between.port)).rejects.toThrow(/no answer/);
      await between.heal();
      await answersKafka(between.port);
      await answersKafka(port(kafka.details['sasl'] as string));
      const socket = connectTls({ host: 'localhost', port: port(kafka.details['tls'] as string), ca: kafka.details['ca'] });
      await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      expect(socket.authorized).toBe(true);
      socket.destroy();
    } finally {
      await Promise.all([toxiproxy.stop(), kafka.stop()]);
    }
  }, 120_000);

  it('a shared one is started once', async (context) => {
    const [a, b] = await Promise.all([need('toxiproxy', context, { shared: true }), need('toxiproxy', context, { shared: true })]);
    expect(a).toBe(b);
  });

  it('the command prints addresses, and a process that is killed leaves no server behind', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const cli = fileURLToPath(new URL('cli.mjs', import.meta.url));
      const temporary = mkdtempSync(join(tmpdir(), 'auspex-cli-'));
      const env = { ...process.env, TMPDIR: temporary };
      const child = spawn(process.execPath, [cli, 'up', 'toxiproxy'], { stdio: ['ignore', 'pipe', 'inherit'], env });
      const line = await new Promise<string>((resolve) => child.stdout.once('data', (chunk) => resolve(String(chunk).trim())));
      const address = /^TOXIPROXY_URL=(http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1] as string;
      await answersHttp(`${address}/version`);
      child.kill(signal);
      await new Promise((resolve) => child.once('close', resolve));
      let open = true;
      const look = (): boolean => {
        connect(port(address), '127.0.0.1')
          .once('connect', function (this: { destroy(): void }) {
            this.destroy();
          })
          .once('error', () => {
            open = false;
          });
        return !open;
      };
      expect(await within(10_000, look)).toBe(true);
      expect(await within(10_000, () => readdirSync(temporary).filter((name) => name.startsWith('auspex-server-')).length === 0)).toBe(
        true,
      );
      rmSync(temporary, { recursive: true, force: true });
    }
  }, 60_000);

  it('says why a machine cannot have one: the test is skipped, with CI=true it fails', async () => {
    const [path, ci] = [process.env['PATH'], process.env['CI']];
    const notes: string[] = [];
    const context = { skip: (note?: string | boolean) => void notes.push(String(note)) as never };
    process.env['PATH'] = '/nowhere';
    try {
      process.env['CI'] = 'false';
      await need('kafka', context, { secure: true });
      expect(notes).toEqual(['no kafka: kafka needs Java 17, and there is no java on the PATH']);
      process.env['CI'] = 'true';
      await expect(need('kafka', context, { secure: true })).rejects.toThrow(NotAvailable);
    } finally {
      process.env['PATH'] = path;
      if (ci === undefined) delete process.env['CI'];
      else process.env['CI'] = ci;
    }
  });

  it('an address of the environment is used, unless the test wants its own', async () => {
    const before = process.env['KAFKA_BROKERS'];
    process.env['KAFKA_BROKERS'] = '127.0.0.1:7';
    try {
      const server = await startServer('kafka');
      expect(server).toMatchObject({ address: '127.0.0.1:7', from: 'environment' });
      await expect(server.kill()).rejects.toThrow(/KAFKA_BROKERS/);
    } finally {
      if (before === undefined) delete process.env['KAFKA_BROKERS'];
      else process.env['KAFKA_BROKERS'] = before;
    }
  });
});
