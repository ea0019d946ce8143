import type { PluginKind, PluginKinds } from '@auspex/contracts';
import type { Subjects } from './subject.ts';
import type { Tools } from './tools.ts';

/** One thing that every plugin of a kind must do. */
export interface Law<K extends PluginKind = PluginKind> {
  /** A sentence that is true of a right plugin, unique in its kind. */
  readonly name: string;
  /** What goes wrong in production where it does not hold. */
  readonly why: string;
  /**
   * Why the law is not tried on this subject, or undefined where it is: a text where it does not apply to what the plugin declares
   * or has, `notOffered(…)` where it does apply and the subject lacks what it is tried with.
   */
  readonly unless?: (subject: Subjects[K], tools: Tools<K>) => string | NotOffered | undefined;
  /** Returns where the law holds. @throws where it is broken; `broken` says it best */
  check(subject: Subjects[K], tools: Tools<K>): void | Promise<void>;
}

/** Why a law that applies is not tried: the subject lacks an optional part. */
export interface NotOffered {
  readonly reason: string;
  readonly offered: false;
}

/** What a law's `unless` says where the subject lacks an optional part. */
export function notOffered(reason: string): NotOffered {
  return { reason, offered: false };
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
