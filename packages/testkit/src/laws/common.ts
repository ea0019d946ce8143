import type { PluginKind } from '@auspex/contracts';
import { broken, type Law, must } from '../law.ts';
import { LawClock } from '../run/clock.ts';
import { GRACE, type Left, leaks } from '../run/leaks.ts';
import { deepFreeze, type Tools } from '../tools.ts';
import { difference } from './support/same.ts';
import { unsaid } from './support/schema.ts';

/** Laws that hold for every kind. `use` does what the engine would do with an instance between its making and its end. */
export function commonLaws<K extends PluginKind>(use: (instance: never, subject: never) => unknown): readonly Law<K>[] {
  return [
    {
      name: 'its schema says what it accepts',
      why: 'a misspelt option that is silently ignored is found in production, and `auspex describe` can only show what is described',
      check({ plugin, with: given }, tools) {
        tools.options();
        must((plugin.config as { shape?: object }).shape !== undefined, 'config is no z.strictObject');
        // The options as given: parsed ones need not be what the schema takes (a duration has become a number).
        const surprise = plugin.config.safeParse({ ...((given ?? {}) as object), 'no-such-option': 1 });
        must(!surprise.success, 'an unknown option is accepted: use z.strictObject');
        const found = unsaid(plugin.config);
        if (found !== undefined) broken(found);
      },
    },
    {
      name: 'the options are left as they are',
      why: 'options are shared by every instance made of them, and their hash names the config in the journal',
      async check(subject, tools) {
        // Not frozen, unlike those of the engine: a plugin that swallows the error of a frozen one is to be seen, too.
        const options = subject.plugin.config.parse(subject.with ?? {});
        const before = plainCopy(options);
        const instance = tools.createWith(options);
        await use(instance as never, subject as never);
        const found = difference(before, options);
        if (found !== undefined) broken(`the options before and after: ${found}`);
      },
    },
    {
      name: 'making one starts nothing, and closing one leaves nothing running',
      why: 'a timer that is left keeps the process alive after a deploy, and one more with each reload',
      async check(subject, tools) {
        const unused = await leftBy(tools, () => undefined, false);
        if (unused.length > 0) broken(`create alone left ${unused.join(', ')}`);
        const used = await leftBy(tools, (instance) => use(instance as never, subject as never), true);
        if (used.length > 0) broken(`after close it left ${used.join(', ')}`);
      },
    },
  ];
}

/** What an instance leaves running, by name. */
async function leftBy<K extends PluginKind>(tools: Tools<K>, act: (instance: unknown) => unknown, close: boolean): Promise<string[]> {
  const once = async (): Promise<Left[]> => {
    const clock = new LawClock();
    const left = await leaks(async () => {
      const instance = tools.create({ clock });
      await act(instance);
      if (close) await tools.close(instance);
    });
    const asleep = (await clock.rest(GRACE)) > 0;
    return asleep ? [...left, { what: 'a sleep of its clock', idle: false }] : left;
  };
  const left = await once();
  // An idle interval may be a library's, one for the whole process: only what comes again with each instance is the plugin's.
  const idle = left.length > 0 && left.every((each) => each.idle);
  return (idle ? await once() : left).map(({ what }) => what);
}

/** A copy of plain data. What has a class is its owner's, such as a live client: it is the same one, whatever goes on in it. */
function plainCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCopy);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainCopy(inner)]));
}

/** A copy that cannot be changed: a law hands it out where a plugin must not touch its input. */
export function frozen<T extends object>(value: T): T {
  return deepFreeze(structuredClone(value));
}
