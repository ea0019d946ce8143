import type { EvidenceId } from './evidence.ts';

/** What one thing adds to the log-odds of an attack: weight x (value - neutral). */
export interface Weight {
  readonly weight: number;
  /** The value that speaks neither for nor against one. */
  readonly neutral: number;
}

export interface Weights {
  /** Log-odds that go with evidence which is neutral throughout, beside those of the prior. */
  readonly bias: number;
  readonly of: Readonly<Record<EvidenceId, Weight>>;
}

/**
 * Fitted by `npm run bench -- audience --logs DIR --weights packages/alerts/src/audience/weights.ts` on generated attacks and audiences over real
 * logs; docs/audience.md says how good they are. What has no weight told nothing there that the others do not tell.
 */
export const WEIGHTS: Weights = {
  bias: -2.805,
  of: {
    'requests-per-source': { weight: 0, neutral: 0 },
    'few-per-source': { weight: 3.069, neutral: 0 },
    'top-source': { weight: 1.289, neutral: 0 },
    'heavy-sources': { weight: 4.283, neutral: 0 },
    'new-users': { weight: 0.304, neutral: 0.421 },
    'strangers-as-usual': { weight: 6.44, neutral: 0 },
    staying: { weight: 3.827, neutral: 0 },
    'one-resource': { weight: 2.337, neutral: 0 },
    breadth: { weight: 2.9, neutral: 0 },
    'rare-resources': { weight: 7.642, neutral: 0 },
    'failure-ratio': { weight: 1.026, neutral: 0 },
    failures: { weight: 1.066, neutral: 0 },
    'new-countries': { weight: 0.974, neutral: 0 },
    'spread-of-countries': { weight: 0.76, neutral: -1.052 },
    'not-signed-in': { weight: 3.793, neutral: 0.098 },
  },
};
