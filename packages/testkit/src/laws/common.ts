import { inspect } from 'node:util';
import type { PluginKind } from '@auspex/contracts';
import { broken, type Law, must } from '../law.ts';
import { leakedTimers } from '../run/leaks.ts';
import { deepFreeze } from '../tools.ts';

const DEEP = { depth: 20, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null, sorted: true } as const;

/** Laws that hold for every kind. `use` does what the engine would do with an instance between its making and its end. */
export function commonLaws<K extends PluginKind>(use: (instance: never, subject: never) => unknown): readonly Law<K>[] {
  return [
    {
      name: 'its schema says what it accepts',
      why: 'a misspelt option that is silently ignored is found in production, and `auspex describe` can only show what is described',
      check({ plugin, with: given }, tools) {
        tools.options();
        const shape = (plugin.config as { shape?: Record<string, { description?: string }> }).shape;
        must(shape !== undefined, 'config is no z.strictObject');
        // The options as given: parsed ones need not be what the schema takes (a duration has become a number).
        const surprise = plugin.config.safeParse({ ...((given ?? {}) as object), 'no-such-option': 1 });
        must(!surprise.success, 'an unknown option is accepted: use z.strictObject');
        for (const [name, field] of Object.entries(shape))
          must(described(field), `the option "${name}" has no description: add .describe('…')`);
      },
    },
    {
      name: 'the options are left as they are',
      why: 'options are shared by every instance made of them, and their hash names the config in the journal',
      async check(subject, tools) {
        // Not frozen, unlike those of the engine: a plugin that swallows the error of a frozen one is to be seen, too.
        const options = subject.plugin.config.parse(subject.with ?? {});
        const before = inspect(options, DEEP);
        const instance = tools.createWith(options);
        await use(instance as never, subject as never);
        const after = inspect(options, DEEP);
        if (after !== before) broken(`the options were ${before} and are ${after}`);
      },
    },
    {
      name: 'making one starts nothing, and closing one leaves nothing running',
      why: 'a timer that is left keeps the process alive after a deploy, and one more with each reload',
      async check(subject, tools) {
        const unused = await leakedTimers(async () => void tools.create());
        if (unused.length > 0) broken(`create alone left ${unused.join(', ')}`);
        const used = await leakedTimers(async () => {
          const instance = tools.create();
          await use(instance as never, subject as never);
          await tools.close(instance);
        });
        if (used.length > 0) broken(`after close it left ${used.join(', ')}`);
      },
    },
  ];
}

/** Zod keeps the description on the innermost or the outermost type, depending on where `.describe` was called. */
function described(field: unknown): boolean {
  let type = field as { description?: string; def?: { innerType?: unknown; in?: unknown } } | undefined;
  while (type) {
    if (type.description) return true;
    type = (type.def?.innerType ?? type.def?.in) as typeof type;
  }
  return false;
}

/** A copy that cannot be changed: a law hands it out where a plugin must not touch its input. */
export function frozen<T extends object>(value: T): T {
  return deepFreeze(structuredClone(value));
}
