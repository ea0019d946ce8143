import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Kept, keepOnce } from '../src/keeper.ts';
import { auspex, folder, write, yamlConfig } from './tools.ts';

const PLUGIN = `
import { readFileSync, writeFileSync } from 'node:fs';
import { defineActuator } from '@auspex/contracts';
import { z } from 'zod';

/* A target in a file, with the floor that is in force. */
export const shelf = defineActuator({
  id: 'shelf',
  summary: 'A test.',
  config: z.strictObject({ file: z.string().describe('Where.'), lost: z.boolean().default(false).describe('Default false.') }),
  capabilities: { lease: 'LEASE' },
  create: ({ file, lost }, { clock }) => ({
    actuate: async () => { throw new Error('no order was to be given'); },
    read: async () => ({ units: 1, ready: 1 }),
    restore: async (pool) => {
      if (lost) throw new Error('the shelf is on fire');
      const held = JSON.parse(readFileSync(file, 'utf8'));
      if (held.expires === undefined || held.expires > clock.now()) return undefined;
      writeFileSync(file, JSON.stringify({ units: held.original }));
      return { pool, from: held.units, units: held.original, expired: held.expires };
    },
  }),
});
`;

function project(options: { lost?: boolean; expires?: number; actuator?: boolean; lease?: string } = {}): {
  cwd: string;
  shelf: () => unknown;
} {
  const cwd = folder();
  const file = path.join(cwd, 'shelf.json');
  write(cwd, 'shelf.mjs', PLUGIN.replace('LEASE', options.lease ?? 'keeper'));
  write(cwd, 'shelf.json', JSON.stringify({ units: 9, original: 2, expires: options.expires ?? Date.UTC(2026, 0, 5) }));
  const actuator = `actuator: { use: ./shelf.mjs, with: { file: '${file}', lost: ${options.lost === true} } }, `;
  write(cwd, 'config.yaml', yamlConfig(cwd).replace('id: web,', `id: web, ${options.actuator === false ? '' : actuator}`));
  return { cwd, shelf: () => JSON.parse(readFileSync(file, 'utf8')) };
}

describe('auspex keep', () => {
  it('brings the original back where a floor has run out, once', async () => {
    const { cwd, shelf } = project();
    const ran = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once', '--json']);
    expect(ran.code, ran.err).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ plugin: 'shelf', from: 9, units: 2 });
    expect(ran.err).toContain('the floor has run out: the original is back');
    expect(shelf()).toEqual({ units: 2 });
    const again = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once', '--json']);
    expect([again.code, again.out]).toEqual([0, '']);
  });

  it('leaves a floor that holds', async () => {
    const { cwd, shelf } = project({ expires: Date.now() + 3_600_000 });
    const ran = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once', '--json']);
    expect([ran.code, ran.out]).toEqual([0, '']);
    expect(shelf()).toMatchObject({ units: 9 });
  });

  it('says which pool it could not look at, and ends with 1 where it looks once', async () => {
    const { cwd } = project({ lost: true });
    const ran = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once']);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('the shelf is on fire');
  });

  it('says that there is nothing to keep', async () => {
    const { cwd } = project({ actuator: false });
    const ran = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once']);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('there is nothing to keep');
  });

  it('brings back what it can, whatever becomes of the other pools', async () => {
    const kept = (pool: string, restore: Kept['actuator']['restore']): Kept => ({
      pool,
      plugin: 'x',
      actuator: { restore } as Kept['actuator'],
    });
    const pools = [
      kept('web', async () => {
        throw new Error('gone');
      }),
      kept('api', async (pool) => ({ pool, from: 9, units: 2, expired: 0 })),
    ];
    expect(await keepOnce(pools, new AbortController().signal)).toEqual({
      restored: [{ pool: 'api', plugin: 'x', from: 9, units: 2, expired: 0 }],
      failed: [{ pool: 'web', plugin: 'x', error: 'gone' }],
    });
  });

  it('leaves alone what the target itself ends', async () => {
    const { cwd, shelf } = project({ lease: 'target' });
    const ran = await auspex(cwd, ['keep', '--config', 'config.yaml', '--once', '--json']);
    expect([ran.code, ran.out]).toEqual([0, '']);
    expect(ran.err).toContain('there is nothing to keep');
    expect(shelf()).toMatchObject({ units: 9 });
  });

  it('is asked for by a live run whose floors it has to end', async () => {
    const { cwd } = project();
    write(cwd, 'access.log', '10.0.0.1 - - [05/Jan/2026:00:00:00 +0000] "GET /a HTTP/1.1" 200 1\n');
    const live = await auspex(cwd, ['run', '--config', 'config.yaml', '--mode', 'live']);
    expect(live.err).toContain('floors of these pools are ended by auspex keep');
    const shadow = await auspex(cwd, ['run', '--config', 'config.yaml']);
    expect(shadow.err).not.toContain('auspex keep');
  });

  it('refuses a time that is none', async () => {
    const { cwd } = project();
    expect((await auspex(cwd, ['keep', '--config', 'config.yaml', '--every', '0s'])).code).toBe(2);
  });
});
