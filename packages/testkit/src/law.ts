import type { PluginKind, PluginKinds } from '@auspex/contracts';
import type { Subjects } from './subject.ts';
import type { Tools } from './tools.ts';

/** One thing that every plugin of a kind must do. */
export interface Law<K extends PluginKind = PluginKind> {
  /** A sentence that is true of a right plugin, unique in its kind. */
  readonly name: string;
  /** What goes wrong in production where it does not hold. */
  readonly why: string;
  /** Why the law does not apply to this subject, or undefined where it does: by what the plugin declares, has, or the subject offers. */
  readonly unless?: (subject: Subjects[K], tools: Tools<K>) => string | undefined;
  /** Returns where the law holds. @throws where it is broken; `broken` says it best */
  check(subject: Subjects[K], tools: Tools<K>): void | Promise<void>;
}

/** Types a list of laws of one kind. */
export function laws<K extends PluginKind>(_kind: K, list: readonly Law<K>[]): readonly Law<K>[] {
  return list;
}

/** How a law says that it is broken. */
export class LawBroken extends Error {
  override readonly name = 'LawBroken';
}

/** Breaks the law with a sentence: what was seen, and what should have been. */
export function broken(seen: string): never {
  throw new LawBroken(seen);
}

/** Breaks the law with `seen` unless `holds`. */
export function must(holds: boolean, seen: string | (() => string)): asserts holds {
  if (!holds) broken(typeof seen === 'string' ? seen : seen());
}

export type InstanceOf<K extends PluginKind> = PluginKinds[K]['instance'];
