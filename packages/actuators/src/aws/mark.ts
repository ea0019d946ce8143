import type { Mark } from '../target/index.ts';
import { Refused } from '../target/index.ts';

/** Key of the tag that holds the mark. */
export const TAG = 'auspex:lease';

/** Longest value of a tag. https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
export const LIMIT = 256;

const NUMBERS = ['units', 'original', 'step', 'epoch', 'expires', 'was', 'handsOff'] as const;
const REQUIRED = NUMBERS.slice(0, 4);

/**
 * A mark as the value of a tag: `units=6 original=2 step=1767571200000 epoch=3`. Tags take letters, digits, spaces and `+ - = . _ : / @`, and so
 * no JSON.
 */
export function encodeMark(mark: Mark): string {
  return NUMBERS.flatMap((name) => (mark[name] === undefined ? [] : [`${name}=${mark[name]}`])).join(' ');
}

/** @throws Refused where the text is none: the original is unknown then, and nothing may be set */
export function decodeMark(text: string, where: string): Mark {
  const mark = Object.fromEntries(text.split(' ').map((part) => [part.split('=')[0], Number(part.split('=')[1] || Number.NaN)]));
  const known = Object.entries(mark).every(([name, value]) => NUMBERS.includes(name as never) && Number.isFinite(value));
  if (known && REQUIRED.every((name) => name in mark)) return mark as unknown as Mark;
  throw new Refused(`the tag ${TAG} of ${where} is no record of a lease: remove it when its units are as they should be`);
}
