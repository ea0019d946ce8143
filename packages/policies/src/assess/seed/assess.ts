import type { AssessInput, Contribution, Surge } from '@auspex/contracts';
import { percent, rate } from '../../text.ts';

/** Only when a caller passes a quiet rate of 0 for a group of which nothing is expected: keeps the ratio finite and rising. */
const SMALLEST_RATE = 1e-9;

/**
 * The formula of `SEED.md`, with the deviation taken relative to what is expected:
 *
 *     score       = (deviation + event impact) x sensitivity
 *     deviation   = (actual - expected) / max(expected, quiet)
 *     probability = min(max(score, 0), 1)
 *
 * Rates a second; `score`, `deviation` and `eventImpact` have no unit. The impacts of all given events add up.
 * Where expected or actual is not known nothing deviates: an absent number is no evidence.
 */
export function assessSeed(input: AssessInput): Surge {
  const { group, pop, sensitivity } = input;
  const deviation = deviationOf(input);
  const eventImpact = input.events.reduce((sum, event) => sum + event.impact, 0);
  const score = (deviation + eventImpact) * sensitivity;
  const contributions: Contribution[] = [
    { of: 'deviation', amount: deviation * sensitivity, text: deviationText(input, deviation) },
    { of: 'event', amount: eventImpact * sensitivity, text: eventText(input, eventImpact) },
  ];
  return {
    group,
    pop,
    score,
    probability: Math.min(Math.max(score, 0), 1),
    expected: input.expected ?? 0,
    actual: input.actual ?? 0,
    deviation,
    eventImpact,
    contributions,
  };
}

function deviationOf({ expected, actual, quiet }: AssessInput): number {
  if (expected === undefined || actual === undefined) return 0;
  return (actual - expected) / Math.max(expected, quiet, SMALLEST_RATE);
}

function deviationText({ expected, actual, quiet, sensitivity }: AssessInput, deviation: number): string {
  if (actual === undefined) return 'the last step is missing: no deviation is taken';
  if (expected === undefined) return `${rate(actual)} seen, nothing expected yet (the profile is not ready): no deviation is taken`;
  const size = deviation === 0 ? 'as expected' : `${percent(Math.abs(deviation))} ${deviation > 0 ? 'above' : 'below'} expected`;
  const floor = expected < quiet ? `, relative to the quiet rate ${rate(quiet)}` : '';
  return `${rate(actual)} seen, ${rate(expected)} expected: ${size}${floor}, x sensitivity ${Number(sensitivity.toPrecision(3))}`;
}

function eventText({ events, sensitivity }: AssessInput, impact: number): string {
  if (events.length === 0) return 'no event is planned';
  const names = events.map((event) => `${event.name} (${event.impact >= 0 ? '+' : ''}${percent(event.impact)})`);
  return `${names.join(', ')}: ${percent(impact)} together, x sensitivity ${Number(sensitivity.toPrecision(3))}`;
}
