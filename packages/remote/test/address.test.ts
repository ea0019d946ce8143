import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Plugin } from '@auspex/contracts';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { Plugin as PluginService } from '../src/gen/auspex/v1/auspex_pb.ts';
import { declare, isolate, remoteCalendar, remotePredictor } from '../src/index.ts';
import { methodDefinition } from '../src/wire/methods.ts';
import { children, testContext } from './tools.ts';

async function start(port: number): Promise<{ process: ChildProcess; address: string; end(): Promise<void> }> {
  const script = new URL('./fixtures/served.mjs', import.meta.url).pathname;
  const args = ['--conditions=source', '--import', import.meta.resolve('tsx'), script, String(port)];
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) => process_.stdout.once('data', (data) => resolve(String(data).trim())));
  const end = async (): Promise<void> => {
    const gone = new Promise((resolve) => process_.once('exit', resolve));
    process_.kill('SIGTERM');
    await gone;
  };
  return { process: process_, address: line.split(' ')[2] as string, end };
}

it('a process that somebody else runs is used, missed while it is away, and used again', async () => {
  const first = await start(0);
  const context = testContext();
  const calendar = remoteCalendar.create(remoteCalendar.config.parse({ address: first.address, deadline: '10s' }), context);
  expect(await calendar.between(0, 120)).toHaveLength(1);
  const port = Number(first.address.split(':')[1]);
  await first.end();
  const second = await start(port);
  // It does not know the instance that the first one made.
  expect(await calendar.between(0, 120)).toHaveLength(1);
  await second.end();
  await expect(calendar.between(0, 120)).rejects.toMatchObject({
    code: 'PLUGIN_CRASHED',
    message: expect.stringContaining('calendar(remote): cannot be reached'),
  });
  await expect(calendar.between(0, 120)).rejects.toThrow('is started again in');
  const third = await start(port);
  context.advance(60_000);
  expect(await calendar.between(0, 120)).toHaveLength(1);
  await calendar.close?.();
  expect(third.process.exitCode).toBeNull();
  await third.end();
}, 30_000);

it('a process that an engine started answers nobody else', async () => {
  const context = testContext();
  let address = '';
  const module = new URL('./fixtures/others.mjs', import.meta.url).href;
  const { fairs }: Record<string, Plugin<'calendar'>> = await import(module);
  const plugin = isolate({ module, exported: 'fairs', plugin: fairs as Plugin<'calendar'> });
  const calendar = plugin.create({}, context);
  await calendar.between(0, 120);
  const [pid] = children() as [number];
  // Its one listening socket, from the kernel's table.
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  for (const row of readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)) {
    const field = row.trim().split(/\s+/);
    if (field[3] === '0A' && inodes.includes(field[9] as string)) {
      address = `127.0.0.1:${Number.parseInt((field[1] as string).split(':')[1] as string, 16)}`;
      expect(field[1]?.startsWith('0100007F:')).toBe(true);
    }
  }
  expect(address).not.toBe('');
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = methodDefinition(PluginService.method.describe);
  const answer = await new Promise<unknown>((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {} as never, (error, value) => resolve(error?.details ?? value));
  });
  client.close();
  expect(answer).toBe('the call does not carry the secret');
});

it('capabilities are declared, and options checked', () => {
  expect(declare(remotePredictor, { trains: true })).toMatchObject({ id: 'remote', capabilities: { batch: true, trains: true } });
  expect(remotePredictor.capabilities).toEqual({ batch: true, trains: false });
  const parse = (options: object): string => String(remotePredictor.config.safeParse(options).error?.issues[0]?.message ?? 'fine');
  expect(parse({ command: ['x'] })).toBe('fine');
  expect(parse({ command: ['x'], address: '127.0.0.1:1' })).toBe('give either command or address');
  expect(parse({})).toBe('give either command or address');
  expect(parse({ address: '127.0.0.1:1', cwd: '/' })).toBe('cwd and env go with command, certificate with address');
  expect(parse({ address: 'nowhere' })).toBe('write host:port');
  expect(parse({ address: '127.0.0.1:1', memroy: 1 })).toContain('memroy');
});
