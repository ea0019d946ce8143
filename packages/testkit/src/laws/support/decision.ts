import { isDeepStrictEqual } from 'node:util';
import { must } from '../../law.ts';

/** Equal all the way down: maps, sets and typed arrays too. */
export const equal: (a: unknown, b: unknown) => boolean = isDeepStrictEqual;

/** Times and chances in which a plugin that asks for either answers differently: long past with the lowest draw, far off with the highest. */
const ELSEWHERE = [
  { now: Date.UTC(1999, 11, 31, 23), chance: 0 },
  { now: Date.UTC(2099, 6, 1, 11), chance: 0.999_999 },
];

/** What `act` gives now, and what it gives with another wall clock and other chances. Synchronous: the real ones are back afterwards. */
export function everywhere<T>(act: () => T): readonly T[] {
  return [act(), ...ELSEWHERE.map(({ now, chance }) => inWorld(now, chance, act))];
}

function inWorld<T>(now: number, chance: number, act: () => T): T {
  const [RealDate, realRandom] = [globalThis.Date, Math.random];
  // `new Date` without arguments reads the wall as `Date.now` does, and not through it.
  const FakeDate = class extends RealDate {
    constructor(...given: unknown[]) {
      super(...((given.length > 0 ? given : [now]) as [number]));
    }
    static override now(): number {
      return now;
    }
  };
  try {
    globalThis.Date = FakeDate as DateConstructor;
    Math.random = () => chance;
    return act();
  } finally {
    globalThis.Date = RealDate;
    Math.random = realRandom;
  }
}

/** All of `answers` equal the first. */
export function mustAgree(answers: readonly unknown[], seen: string): void {
  for (const answer of answers) must(equal(answer, answers[0]), seen);
}

/** What a plugin with a state does with it between two runs of the engine. */
export interface Coded<S> {
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}

/** Breaks where `decode` takes bytes that are no state: noise, text, nothing, and half of what it wrote itself. */
export function mustRefuseGarbage<S>(plugin: Coded<S>, written: Uint8Array): void {
  const garbage: [what: string, bytes: Uint8Array][] = [
    ['64 bytes of 0xff', new Uint8Array(64).fill(0xff)],
    ['the text "no state"', new TextEncoder().encode('no state')],
    ['no bytes at all', new Uint8Array()],
  ];
  // Half of a very short state may be a state: half of "12" is "1".
  if (written.length >= 16) garbage.push(['the first half of its own bytes', written.slice(0, written.length >> 1)]);
  for (const [what, bytes] of garbage)
    must(
      throws(() => plugin.decode(bytes)),
      `${what} were read as a state`,
    );
}

function throws(act: () => unknown): boolean {
  try {
    act();
    return false;
  } catch {
    return true;
  }
}

/** Breaks where a state has grown by more than a twentieth (and a few bytes for longer numbers) while the input doubled. */
export function mustStayBounded(half: Uint8Array, whole: Uint8Array, what: string): void {
  const limit = half.length * 1.05 + 32;
  must(whole.length <= limit, `its state has ${half.length} bytes after ${what}, and ${whole.length} after twice as many: it grows`);
}
