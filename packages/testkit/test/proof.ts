import type { Plugin, PluginContext, PluginKind } from '@auspex/contracts';
import { LAWS, type MakeSubject, runLaws, type Subject } from '@auspex/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** A subject that must break one law and no other. */
export interface Broken<S extends Subject> {
  readonly law: string;
  /** What is wrong with it. */
  readonly how: string;
  readonly make: MakeSubject<S>;
}

/** Laws that are worth something: all hold for a right plugin, and each is broken by a plugin that is wrong in that way only. */
export function prove<S extends Subject>(
  kind: PluginKind,
  right: MakeSubject<S>,
  variants: readonly Broken<S>[],
  ...others: MakeSubject<S>[]
): void {
  describe(`${kind} laws`, () => {
    it('all hold for right ones, and none is skipped for all of them', async () => {
      const held = new Set<string>();
      for (const make of [right, ...others]) {
        const { results } = await runLaws(make);
        expect(results.filter((result) => result.outcome === 'broken')).toEqual([]);
        for (const { law, outcome } of results) if (outcome === 'holds') held.add(law);
      }
      expect(LAWS[kind].map((law) => law.name).filter((name) => !held.has(name))).toEqual([]);
    });

    it.each(variants.map((variant) => [variant.law, variant.how, variant.make] as const))(
      '"%s" is broken where %s',
      async (law, _, make) => {
        const { results } = await runLaws(make);
        const broken = results.filter((result) => result.outcome === 'broken');
        expect(
          broken.map((result) => result.law),
          broken.map((result) => `${result.law}: ${result.seen}`).join('\n'),
        ).toEqual([law]);
      },
    );

    it('each have a name of their own, a reason, and a variant that breaks them', () => {
      const names = LAWS[kind].map((law) => law.name);
      expect(new Set(names).size).toBe(names.length);
      expect(LAWS[kind].filter((law) => law.why.length < 20)).toEqual([]);
      expect([...new Set(variants.map((variant) => variant.law))].sort()).toEqual([...names].sort());
    });
  });
}

type Loose = { plugin: Plugin; close?: () => unknown };
type Instance = Record<string, (...given: unknown[]) => unknown>;

/** Variants that break the laws of every kind, made from a right subject whose instance is a literal of functions. */
export function commonlyBroken<S extends Subject>(right: () => S): readonly Broken<S>[] {
  const timers = new Set<NodeJS.Timeout>();
  const remake = (change: (plugin: Plugin) => Partial<Plugin>) => (): S => {
    const subject = right() as unknown as Loose;
    const close = (): unknown => {
      // What the plugin has left running must not outlive the test.
      for (const timer of timers) clearInterval(timer);
      return subject.close?.();
    };
    return { ...subject, plugin: { ...subject.plugin, ...change(subject.plugin) }, close } as unknown as S;
  };
  const made = (change: (instance: Instance, options: Record<string, unknown>, context: PluginContext) => Instance) =>
    remake((plugin) => ({
      create: ((options: Record<string, unknown>, context: PluginContext) =>
        change(plugin.create(options, context) as unknown as Instance, options, context)) as never,
    }));
  /** Does `act` at the first call of anything but `close`. */
  const whenUsed = (instance: Instance, act: () => void): Instance => {
    let used = false;
    const wrap = (fn: Instance[string]): Instance[string] => {
      return (...given) => {
        if (!used) act();
        used = true;
        return fn(...given);
      };
    };
    return Object.fromEntries(Object.entries(instance).map(([name, fn]) => [name, name === 'close' ? fn : wrap(fn)]));
  };
  const start = (): NodeJS.Timeout => {
    const timer = setInterval(() => {}, 60_000);
    timers.add(timer);
    return timer;
  };
  const object = (plugin: Plugin): z.ZodObject => plugin.config as unknown as z.ZodObject;
  const schema = 'its schema says what it accepts';
  const leak = 'making one starts nothing, and closing one leaves nothing running';
  return [
    {
      law: schema,
      how: 'an option is not described',
      make: remake((p) => ({ config: object(p).extend({ extra: z.number().optional() }) })),
    },
    {
      law: schema,
      how: 'an option inside an option is not described',
      make: remake((p) => ({ config: object(p).extend({ tls: z.strictObject({ ca: z.string() }).optional().describe('TLS.') }) })),
    },
    {
      law: schema,
      how: 'objects of a list drop what they do not know',
      make: remake((p) => ({
        config: object(p).extend({
          rules: z
            .array(z.object({ of: z.string().describe('Whom.') }))
            .default([])
            .describe('Rules.'),
        }),
      })),
    },
    { law: schema, how: 'unknown options are let through', make: remake((p) => ({ config: z.object(object(p).shape) })) },
    {
      law: 'the options are left as they are',
      how: 'it changes them, where it can',
      make: made((instance, options) => {
        if (!Object.isFrozen(options)) options['extra'] = 1;
        return instance;
      }),
    },
    {
      law: leak,
      how: 'it starts a timer when it is made',
      make: made((instance) => {
        const timer = start();
        return {
          ...instance,
          close: async () => {
            clearInterval(timer);
            await instance['close']?.();
          },
        };
      }),
    },
    {
      law: leak,
      how: 'it starts a timer when it is used, and forgets it',
      make: made((instance) => whenUsed(instance, start)),
    },
    {
      law: leak,
      how: 'it starts an interval that keeps nothing alive, and forgets it',
      make: made((instance) => whenUsed(instance, () => start().unref())),
    },
    {
      law: leak,
      how: 'it goes on sleeping by its clock',
      make: made((instance, _, { clock }) =>
        whenUsed(instance, async () => {
          for (;;) await clock.sleep(1_000);
        }),
      ),
    },
  ];
}
