import { describe, expect, it } from 'vitest';
import { tieredAllocator, tieredConfig } from '../src/index.ts';
import { rate, span } from '../src/text.ts';
import { context } from './context.ts';
import { forecast, input, pool, view } from './views.ts';

describe('texts', () => {
  it.each([
    [0, 'bytes', '0.00 B/s'],
    [12, 'bytes', '12.0 B/s'],
    [999.4, 'bytes', '999 B/s'],
    [999.6, 'bytes', '1.00 kB/s'],
    [1_250_000, 'bytes', '1.25 MB/s'],
    [125e6, 'bytes', '125 MB/s'],
    [3.2e18, 'bytes', '3200 PB/s'],
    [42, 'requests', '42.0/s'],
    [42, 'sessions', '42.0 sessions/s'],
    [1234, 'work', '1234 work/s'],
  ] as const)('%d a second of %s is %s', (value, measure, text) => {
    expect(rate(value, measure)).toBe(text);
  });

  it('write spans as configs do', () => {
    expect([0, 90_000, 5_400_000, 86_400_000, 1].map(span)).toEqual(['0s', '1m30s', '1h30m', '1d', '1ms']);
  });

  it('say bandwidth where a pool is of bytes', () => {
    // 10 Gbit/s uplinks: 1.25 GB/s each.
    const uplinks = pool({ id: 'uplinks', measure: 'bytes', unitRate: 1.25e9, target: 0.8 });
    const seen = view({ pool: uplinks, actual: 2.5e9, units: 3, forecast: forecast(() => 4.2e9), groups: [] });
    const allocator = tieredAllocator.create(tieredConfig.parse({ floor: 'reactive' }), context);
    const [proposal] = allocator.allocate(allocator.begin(), input([seen]));
    expect(proposal?.units).toBe(5);
    expect(proposal?.reasons.map((reason) => reason.text)).toEqual([
      '4.20 GB/s expected at 12:15 UTC needs 5 units at 80 % of 1.25 GB/s; no group is known: x1 -> 5',
      '2.50 GB/s seen, 67 % of 3 units against an aim of 80 %: 3 units stay: below what is foreseen',
    ]);
  });
});
