import { expect, it } from 'vitest';
import { auspex, BUILT, folder, start, write } from './tools.ts';

const cwd = folder();

const PLUGIN = (extra = ''): string => `
import { defineAssessor } from '@auspex/contracts';
import { z } from 'zod';
export const flat = defineAssessor({
  id: 'flat', summary: 'Never a surge.', config: z.strictObject({ note: z.string().default('never').describe('Said of each.') }),
  create: ({ note }) => ({
    assess: ({ group, pop, expected = 0, actual = 0 }) => ({
      group, pop, score: 0, probability: 0, expected, actual, deviation: 0, eventImpact: 0,
      contributions: [{ of: 'nothing', amount: 0, text: note }], ${extra}
    }),
  }),
});
`;

it('holds a plugin of a file to its laws, prints each, and ends with 0', async () => {
  write(cwd, 'flat.mjs', PLUGIN());
  const { code, out } = await auspex(cwd, ['check', './flat.mjs']);
  expect(out).toMatch(/^flat \(assessor\) · \d+ laws\n {2}✓ its schema says what it accepts/);
  expect(out).toMatch(/\n\d+ hold, 0 broken, 0 skipped \(\d\.\d s\)\n$/);
  expect(code).toBe(0);
});

it('says what was seen and why the law exists where one is broken, and ends with 3', async () => {
  write(cwd, 'wrong.mjs', PLUGIN('score: 2,'));
  const { code, out, err } = await auspex(cwd, ['check', 'wrong.mjs']);
  expect(out).toContain('✗ the contributions add up to the score\n      seen:');
  expect(out.match(/✗/g)?.length).toBe(1);
  expect(err).toBe('error PLUGIN_LAWS: wrong.mjs: one law is broken\n  Read the laws that do not hold, above; each says why it exists.\n');
  expect(code).toBe(3);
});

it('gives the verdict as JSON, takes options, and knows bundled plugins by id', async () => {
  const { code, out } = await auspex(cwd, ['check', 'static-peak', '--with', '{"units":3}', '--json']);
  expect(code).toBe(0);
  const [verdict] = JSON.parse(out) as [{ plugin: string; passed: boolean; results: { outcome: string }[] }];
  expect(verdict).toMatchObject({ plugin: 'static-peak', passed: true });
  expect(verdict.results.length).toBeGreaterThan(10);
});

it.each([
  ['a kind that needs a target', ['check', 'simulated'], 'the laws of "simulated" need a fake target'],
  ['a durable store without a place', ['check', 'lmdb'], 'the laws of "lmdb" need a new, empty place for each law'],
  ['a module that is not there', ['check', './absent.mjs'], 'PLUGIN_NOT_FOUND'],
  ['a package that is not there', ['check', '@acme/absent'], 'npm install @acme/absent'],
  ['a module that throws', ['check', './throws.mjs'], 'throws when it is imported: boom'],
  ['a module without plugin or subject', ['check', './empty.mjs'], 'exports neither a subject nor a plugin'],
  ['a subject that throws', ['check', './subject.mjs'], 'its subject is wrong: no docker'],
  ['options that are no JSON', ['check', 'seasonal', '--with', '{'], '--with: is no JSON'],
])('%s gets one clear error', async (_, args, says) => {
  write(cwd, 'throws.mjs', 'throw new Error("boom");');
  write(cwd, 'empty.mjs', 'export const nothing = 1;');
  write(cwd, 'subject.mjs', 'export const subject = () => { throw new Error("no docker"); };');
  const { code, err } = await auspex(cwd, args);
  expect(err).toContain(says);
  expect(err).toMatch(/^error /);
  expect([2, 3]).toContain(code);
});

it('refuses options that the plugin does not have before it tries any law', async () => {
  const { code, out, err } = await auspex(cwd, ['check', 'seasonal', '--with', '{"halflife":"7d"}']);
  expect(out).toBe('');
  expect(err).toContain("the options that it gives are refused by the plugin's own schema: options: Unrecognized key");
  expect(code).toBe(3);
});

it.skipIf(!BUILT)(
  'ends by itself, whatever the plugin has left running (regression: a leaked timer kept the command)',
  async () => {
    write(cwd, 'leaky.mjs', `${PLUGIN()}\nsetInterval(() => {}, 1000);`);
    const { code, out } = await start(cwd, ['check', './leaky.mjs']).ended;
    expect(out).toContain('flat (assessor)');
    expect(code).toBe(0);
  },
  20_000,
);
