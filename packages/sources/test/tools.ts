import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AuspexError, type PluginContext, type Source, type SourceBatch, type UsageEvent } from '@auspex/contracts';
import { fakeContext } from '@auspex/testkit';

const folders: string[] = [];

process.on('exit', () => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

export function folder(): string {
  const made = mkdtempSync(path.join(tmpdir(), 'auspex-source-'));
  folders.push(made);
  return made;
}

export function file(name: string, content: string | Uint8Array): string {
  const at = path.join(folder(), name);
  writeFileSync(at, content);
  return at;
}

export interface Logged {
  readonly level: string;
  readonly fields: { readonly at?: string; readonly reason?: string; readonly text?: string };
  readonly message: string;
}

/** A context whose clock runs in real milliseconds but shows `now`. */
export function context(logged: Logged[] = [], now = () => 1_000_000): PluginContext {
  const log = (level: string) => (fields: object, message: string) => {
    logged.push({ level, fields: fields as Logged['fields'], message });
  };
  return fakeContext({
    clock: { now, sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}) },
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  });
}

export async function batches(source: Source, from: Record<string, string> = {}): Promise<SourceBatch[]> {
  const all: SourceBatch[] = [];
  for await (const batch of source.open(from, new AbortController().signal)) all.push(batch);
  return all;
}

export async function events(source: Source, from: Record<string, string> = {}): Promise<UsageEvent[]> {
  return (await batches(source, from)).flatMap((batch) => [...batch.events]);
}

/** The error that reading ends with, and the events before it. */
export async function failure(source: Source, from: Record<string, string> = {}): Promise<{ error: AuspexError; events: UsageEvent[] }> {
  const before: UsageEvent[] = [];
  try {
    for await (const batch of source.open(from, new AbortController().signal)) before.push(...batch.events);
  } catch (error) {
    if (error instanceof AuspexError) return { error, events: before };
    throw error;
  }
  throw new Error('no error was thrown');
}

/** From each batch boundary the rest is the same. */
export async function resumesEverywhere(make: () => Source): Promise<number> {
  const all = await batches(make());
  for (let i = 0; i < all.length; i++) {
    const batch = all[i] as SourceBatch;
    const rest = await batches(make(), { [batch.partition]: batch.position });
    const expected = all.slice(i + 1);
    const flat = (list: SourceBatch[]) => JSON.stringify(list.flatMap((b) => [...b.events]));
    if (flat(rest) !== flat(expected)) throw new Error(`resumed after batch ${i}, the events differ`);
    const sum = (list: SourceBatch[]) => list.reduce((n, b) => n + (b.malformed ?? 0), 0);
    if (sum(rest) !== sum(expected)) throw new Error(`resumed after batch ${i}: ${sum(rest)} malformed, not ${sum(expected)}`);
    const spans = (list: SourceBatch[]) => JSON.stringify(list.flatMap((b) => b.gaps ?? []));
    if (spans(rest) !== spans(expected)) throw new Error(`resumed after batch ${i}, the gaps differ`);
  }
  return all.length;
}
