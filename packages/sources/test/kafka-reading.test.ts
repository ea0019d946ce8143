import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kafkaConfig } from '../src/kafka/config.ts';
import { decoder, type Fetched } from '../src/kafka/reading.ts';
import { eventReader } from '../src/ndjson/parse.ts';
import { timeReader } from '../src/ndjson/time.ts';
import { TimeReader } from '../src/records/index.ts';

const message = (value: string | null, offset = '0'): Fetched => ({ key: null, value: value === null ? null : Buffer.from(value), offset });
const decode = decoder(kafkaConfig.parse({ brokers: ['b:1'], topic: 't' }));

describe('a message', () => {
  test('that cannot be read adds nothing to what is there', () => {
    const into = [{ at: 1, kind: 'request', group: '', pop: '', outcome: 'served' as const }];
    expect(decode(message('[{"at":1},{"at":"never"}]'), 0, into)).toContain('is no time');
    expect(into).toHaveLength(1);
    expect(decode(message('[{"at":1},{"at":2}]'), 0, into)).toBeUndefined();
    expect(into).toHaveLength(3);
  });

  test('whatever it holds, it gives events or a reason, and throws nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const why = decode(message(text), 0, []);
        expect(why === undefined || why.length > 0).toBe(true);
      }),
    );
  });
});

describe('what is read fast is what is read', () => {
  const near = fc.integer({ min: Date.UTC(2026, 1, 28, 23, 58), max: Date.UTC(2026, 2, 1, 0, 2) });
  const written = near.chain((at) => {
    const iso = new Date(at).toISOString();
    const short = iso.replace(/\.\d+/, '');
    const forms = [iso, short, iso.replace('T', ' '), short.toLowerCase(), iso.replace('.', ','), ` ${short}`, `   ${iso.slice(0, 16)}Z`];
    return fc.constantFrom(
      ...forms,
      iso.replace(/..Z$/, 'x0Z'),
      iso.replace(/:\d\d\./, ':75.'),
      short.replace('Z', '+01'),
      iso.slice(0, 10),
    );
  });

  test('times, one after another', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(written, written, near), { minLength: 1, maxLength: 12 }), (times) => {
        const [fast, whole] = [timeReader('UTC', undefined), new TimeReader('UTC', undefined)];
        for (const time of times) expect(fast(time)).toEqual(whole.read(String(time), () => ''));
      }),
      { numRuns: 2_000 },
    );
  });

  test('records as they are, and by the paths of their fields', () => {
    const plain = eventReader({ fields: {}, zone: undefined, unit: undefined });
    const value = fc.oneof(fc.constantFrom('a', '', 'served', 'failed', 0, 1, 2.5, -1, 200, 503, '3', null, true), fc.constant({ a: 1 }));
    const record = fc.dictionary(
      fc.constantFrom('group', 'user', 'outcome', 'count', 'bytes', 'attempt', 'kind', '__proto__', 'other'),
      value,
    );
    fc.assert(
      fc.property(record, (given) => {
        const own = JSON.parse(JSON.stringify({ ...given, at: 1767600000000 }));
        // Without a prototype it is asked for each property.
        expect(plain(own)).toEqual(plain(Object.assign(Object.create(null), own)));
      }),
    );
  });

  test('what a record inherits is not its own', () => {
    const plain = eventReader({ fields: {}, zone: undefined, unit: undefined });
    const event = plain(Object.assign(Object.create({ count: 0, group: 'inherited' }), { at: 1767600000000 }));
    expect(event).toMatchObject({ count: 1, group: '' });
  });
});
