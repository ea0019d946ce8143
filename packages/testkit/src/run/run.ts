import type { Plugin, PluginKind } from '@auspex/contracts';
import type { Law } from '../law.ts';
import { LAWS } from '../laws/all.ts';
import type { MakeSubject, Subject } from '../subject.ts';
import { Tools } from '../tools.ts';
import { closeQuietly, stopwatch, within } from './limit.ts';

export type Outcome = 'holds' | 'broken' | 'skipped';

export interface LawResult {
  readonly law: string;
  readonly why: string;
  readonly outcome: Outcome;
  /** What was seen where it is broken; why it was skipped. */
  readonly seen?: string;
  /** False where the law applies and was skipped because the subject lacks an optional part. */
  readonly offered?: false;
  readonly ms: number;
}

/** What came of all laws of one plugin. */
export interface Verdict {
  readonly plugin: string;
  readonly kind: PluginKind;
  readonly results: readonly LawResult[];
  /** No law is broken, and at least one holds. */
  readonly passed: boolean;
}

export interface RunOptions {
  /** Longest a law may take, milliseconds. Default 5000. */
  readonly limitMs?: number;
  /** Told after each law. */
  readonly onResult?: (result: LawResult) => void;
}

/** The laws that a plugin of this kind is held to. */
export function lawsOf(kind: PluginKind): readonly Law[] {
  return LAWS[kind] as unknown as readonly Law[];
}

/** Tries one law on a new subject. Throws nothing: what the subject throws is the law's answer. */
export async function tryLaw(law: Law, make: MakeSubject, limitMs = 5_000): Promise<LawResult> {
  const passed = stopwatch();
  const end = (outcome: Outcome, seen?: string): LawResult => ({
    law: law.name,
    why: law.why,
    outcome,
    ms: passed(),
    ...(seen === undefined ? {} : { seen }),
  });
  let subject: Subject | undefined;
  let tools: Tools | undefined;
  try {
    subject = await within(Promise.resolve(make()), limitMs, `the subject is not made within ${limitMs} ms`);
    tools = new Tools(subject);
    const reason = law.unless?.(subject as never, tools as never);
    if (typeof reason === 'string') return end('skipped', reason);
    if (reason !== undefined) return { ...end('skipped', reason.reason), offered: reason.offered };
    await within(Promise.resolve(law.check(subject as never, tools as never)), limitMs, `no end within ${limitMs} ms`);
    return end('holds');
  } catch (error) {
    return end('broken', error instanceof Error ? error.message : String(error));
  } finally {
    await tools?.end();
    await closeQuietly(subject);
  }
}

/**
 * Tries every law of the subject's kind, one after the other.
 * @throws what `make` throws where there is no subject at all, and an error that names the option where the plugin's own schema
 * refuses the subject's options: every law would break, and none of them would say why
 */
export async function runLaws(make: MakeSubject, options: RunOptions = {}): Promise<Verdict> {
  const first = await make();
  const { kind, id } = first.plugin;
  await closeQuietly(first);
  refuseOptions(first);
  const results: LawResult[] = [];
  for (const law of lawsOf(kind)) {
    const result = await tryLaw(law, make, options.limitMs);
    options.onResult?.(result);
    results.push(result);
  }
  const passed = results.some((result) => result.outcome === 'holds') && results.every((result) => result.outcome !== 'broken');
  return { plugin: id, kind, results, passed };
}

function refuseOptions({ plugin, with: given }: Subject): void {
  const parsed = (plugin as Plugin).config?.safeParse?.(given ?? {});
  if (!parsed || parsed.success) return;
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new Error(`the options that it gives are refused by the plugin's own schema: ${issues.join('; ')}`);
}
