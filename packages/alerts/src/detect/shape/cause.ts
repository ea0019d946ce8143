import { zone } from '@auspex/numerics';
import { figure } from '../text.ts';
import type { Surroundings } from './recent.ts';
import type { ShapeState, VIEWS } from './state.ts';

/** What is new about a value, for people; asked before the value is among the known ones. */
export function causeOf(state: ShapeState, view: (typeof VIEWS)[number], value: number, around: Surroundings, step: number): string {
  if (state.rows === 0) return 'nothing was seen before';
  const { least, most } = state;
  const now = `${figure(value)}/s`;
  if (value > most) return `${now}: never so high (${figure(most)}/s)`;
  if (value < least) return `${now}: never so low (${figure(least)}/s)`;
  switch (view) {
    case 'value':
      return `${now}: unlike all values seen, ${figure(least)}..${figure(most)}/s`;
    case 'before':
      return `${now} a step after ${figure(around.before)}/s: never seen before`;
    case 'most':
      return `${now} soon after ${figure(around.most)}/s: never seen before`;
    case 'spread':
      return `${now} while it varies by ${figure(around.spread)}/s: never seen before`;
    case 'time':
      return `${now} at ${clock(state.zone, step)}: never seen at this time`;
  }
}

function clock(id: string, step: number): string {
  return new Date(zone(id).toLocal(step)).toISOString().slice(11, 16);
}
