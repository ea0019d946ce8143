import { appendFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SourceBatch } from '@auspex/contracts';
import { ndjson, ndjsonConfig } from '@auspex/sources';
import { expect, test } from 'vitest';
import { context, failure, folder, type Logged } from './tools.ts';

const row = (n: number) => `{"at":${n},"user":"${'u'.repeat(40)}"}\n`;

/** Follows a file; `seen` fills while it grows. */
function follow(at: string, from: Record<string, string> = {}, logged: Logged[] = []) {
  const stop = new AbortController();
  const seen: number[] = [];
  const all: SourceBatch[] = [];
  const source = ndjson.create(
    ndjsonConfig.parse({ files: [at], follow: true, poll: '3ms', maxBackwards: '1000d' }),
    context(logged, () => 42),
  );
  const done = (async () => {
    for await (const batch of source.open(from, stop.signal)) {
      all.push(batch);
      for (const event of batch.events) seen.push(event.at / 1000);
    }
  })();
  // A failure is seen where `end` or `until` awaits it.
  done.catch(() => {});
  const until = async (count: number) => {
    for (let i = 0; i < 1000 && seen.length < count; i++) await new Promise((resolve) => setTimeout(resolve, 3));
    expect(seen).toHaveLength(count);
  };
  const end = async () => {
    stop.abort();
    await done;
  };
  return { seen, all, until, end, done };
}

test('a growing file: a partial line waits for its newline, idle is healthy', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, row(1) + row(2).slice(0, 5));
  const run = follow(at);
  await run.until(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(run.seen).toEqual([1]);
  expect(run.all.at(-1)).toMatchObject({ events: [], watermark: 42 });
  appendFileSync(at, row(2).slice(5) + row(3));
  await run.until(3);
  await run.end();
  expect(run.seen).toEqual([1, 2, 3]);
  expect(run.all.some((batch) => batch.end)).toBe(false);
});

test('rename and recreate: the old file is finished, then the new one read from its start', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, row(1));
  const run = follow(at);
  await run.until(1);
  renameSync(at, `${at}.1`);
  // The writer goes on with the old file until it opens the new one.
  appendFileSync(`${at}.1`, row(2));
  await run.until(2);
  writeFileSync(at, '');
  appendFileSync(`${at}.1`, row(3) + row(4).trimEnd());
  appendFileSync(at, row(5));
  await run.until(5);
  appendFileSync(at, row(6));
  await run.until(6);
  await run.end();
  expect(run.seen).toEqual([1, 2, 3, 4, 5, 6]);
});

test('copytruncate: reading starts again at 0', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, row(1) + row(2) + row(3));
  const run = follow(at);
  await run.until(3);
  truncateSync(at, 0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  appendFileSync(at, row(4));
  await run.until(4);
  await run.end();
  expect(run.seen).toEqual([1, 2, 3, 4]);
});

test('many rotations under steady writing lose and repeat nothing', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, '');
  const run = follow(at);
  let n = 0;
  for (let rotation = 0; rotation < 8; rotation++) {
    for (let i = 0; i < 50; i++) {
      appendFileSync(at, row(++n));
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await run.until(n);
    renameSync(at, `${at}.${rotation}`);
    writeFileSync(at, row(++n));
    await run.until(n);
  }
  await run.end();
  expect(run.seen).toEqual(Array.from({ length: n }, (_, i) => i + 1));
});

test('resumes exactly; after a rotation that nobody watched it finishes the old file first', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, row(1) + row(2));
  const first = follow(at);
  await first.until(2);
  await first.end();
  const last = first.all.at(-1) as SourceBatch;
  const from = { [last.partition]: last.position };
  appendFileSync(at, row(3));
  renameSync(at, `${at}.1`);
  writeFileSync(at, row(4));
  const second = follow(at, from);
  await second.until(2);
  await second.end();
  expect(second.seen).toEqual([3, 4]);
  unlinkSync(`${at}.1`);
  const third = follow(at, from);
  await expect(third.done).rejects.toMatchObject({ code: 'SOURCE_POSITION_LOST' });
});

test('resumes in a file that only grew', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, '');
  const first = follow(at);
  await new Promise((resolve) => setTimeout(resolve, 20));
  appendFileSync(at, row(1));
  await first.until(1);
  await first.end();
  for (const batch of first.all) expect(typeof batch.position).toBe('string');
  const last = first.all.at(-1) as SourceBatch;
  appendFileSync(at, row(2) + row(3) + row(4));
  const second = follow(at, { [last.partition]: last.position });
  await second.until(3);
  await second.end();
  expect(second.seen).toEqual([2, 3, 4]);
});

test('a missing file is down, not silent', async () => {
  const at = path.join(folder(), 'log');
  const source = () => ndjson.create(ndjsonConfig.parse({ files: [at], follow: true, poll: '1ms' }), context());
  expect((await failure(source())).error.code).toBe('SOURCE_NOT_FOUND');
  writeFileSync(at, row(1));
  let now = 0;
  const reading = ndjson.create(
    ndjsonConfig.parse({ files: [at], follow: true, poll: '1ms' }),
    context([], () => (now += 1000)),
  );
  const read = failure(reading);
  await new Promise((resolve) => setTimeout(resolve, 20));
  unlinkSync(at);
  const { error, events } = await read;
  expect(events).toHaveLength(1);
  expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND', path: at });
});

test('time running back is only logged while following', async () => {
  const at = path.join(folder(), 'log');
  writeFileSync(at, row(90_000) + row(1) + row(90_001));
  const logged: Logged[] = [];
  const stop = new AbortController();
  const source = ndjson.create(ndjsonConfig.parse({ files: [at], follow: true, poll: '1ms' }), context(logged));
  let count = 0;
  for await (const batch of source.open({}, stop.signal)) {
    count += batch.events.length;
    if (count === 3) stop.abort();
  }
  expect(logged.map((entry) => entry.fields.at)).toEqual([`${at}:2`]);
});
