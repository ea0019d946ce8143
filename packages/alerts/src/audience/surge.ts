import type { Block } from './block.ts';
import type { Known } from './known.ts';
import type { Usual } from './usual.ts';

/** What the evidence is read from. */
export interface Surge {
  /** What was done in its last steps. */
  readonly block: Block;
  readonly usual: Usual;
  readonly known: Known;
}

export interface Reading {
  /** Speaks for an attack the more the higher it is. */
  readonly value: number;
  /** What was seen, beside what is usual. Names no source and no user. */
  readonly text: string;
}

/** One thing that is read off a surge; undefined = nothing can be said of it. */
export type Read = (surge: Surge) => Reading | undefined;

/** Of the requests of the surge, how many would have come anyway, 0..1. */
export function expectedShare({ block }: Surge): number {
  return block.requests > 0 ? block.expected / block.requests : 1;
}

export function bounded(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/**
 * Share of what came on top that has a property, leaning on the usual share where little came on top of much: the noise of counts of the
 * size of what was expected is worth as many that are as usual.
 *
 * @param with_ all that have it, and how many of them were expected
 * @param all as many as there are, and how many of them were expected
 */
export function excessShare(with_: number, withExpected: number, all: number, allExpected: number): number {
  const usual = allExpected > 0 ? withExpected / allExpected : 0;
  const doubt = 1 + Math.sqrt(allExpected);
  return bounded((with_ - withExpected + doubt * usual) / (Math.max(0, all - allExpected) + doubt), 0, 1);
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export function few(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
