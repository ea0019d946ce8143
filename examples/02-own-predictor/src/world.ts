import type { AuspexConfig, PluginUse } from '@auspex/core';
import { use } from '@auspex/core';
import { hmmRegime, preset, seasonal, synthetic } from '@auspex/preset';
import { timetable } from './timetable.ts';

export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 5);
export const WEEKS = 6;

/** When mailings go out: no rhythm that demand alone would show. */
export const MAILINGS: readonly string[] = [
  ...[2, 4, 8, 10, 13, 15, 19, 22, 24, 27, 29, 30, 33, 36, 38, 41].map((day, n) => {
    const hour = [9, 13, 17, 20, 11, 15][n % 6] as number;
    return new Date(START + day * DAY + hour * 3_600_000).toISOString();
  }),
];

/** A shop whose mailings make two and a half times the demand for forty minutes; it needs twenty to add a unit. */
export function config(own: boolean): AuspexConfig {
  const mailings = [...MAILINGS];
  const predictors: PluginUse<'predictor'>[] = [use(seasonal), { ...use(hmmRegime), for: 'pools' }];
  return preset({
    step: '10m',
    sources: [
      use(synthetic, {
        start: new Date(START).toISOString(),
        step: '10m',
        steps: WEEKS * 7 * 144,
        groups: [{ name: 'shop', rate: 0.15, users: 400, shape: 'evening' }],
        events: mailings.map((at) => ({ at, for: '40m', factor: 2.5, name: 'mailing' })),
      }),
    ],
    predictors: own ? [...predictors, { ...use(timetable, { mailings }), for: 'pools' }] : predictors,
    pools: [{ id: 'web', unitRate: 0.04, leadTime: '20m', max: 60 }],
  });
}
