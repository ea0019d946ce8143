import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '@auspex/contracts';

/** From `wall` on it is `at`, and a minute takes `pace` milliseconds. Times are epoch ms. */
interface Anchor {
  readonly wall: number;
  readonly at: number;
  readonly pace: number;
}

/** All processes read the file before an anchor counts: who saw it late would live in another time meanwhile. */
const NOTICE_MS = 150;
const LOOK_MS = 10;

/**
 * One time for several processes, faster than the wall's, in a file that says where it stands. Whoever sleeps waits for a server, and
 * those live in the wall's time.
 */
export class SharedClock implements Clock {
  readonly #file: string;
  #anchors: readonly Anchor[] = [];
  #looked = 0;
  #seen = 0;

  constructor(file: string) {
    this.#file = file;
  }

  static begin(file: string, at: number, pace: number): SharedClock {
    write(file, [{ wall: Date.now(), at, pace }]);
    return new SharedClock(file);
  }

  now(): number {
    const wall = Date.now();
    this.#look(wall);
    return at(this.#anchors, wall);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return wait(ms, undefined, signal && { signal });
  }

  /** Changes the pace, and jumps to `to` where that is given; resolves once it counts. */
  async go(pace: number, to?: number): Promise<void> {
    this.now();
    const wall = Date.now() + NOTICE_MS;
    write(this.#file, [...this.#anchors, { wall, at: to ?? at(this.#anchors, wall), pace }]);
    await wait(NOTICE_MS + 2 * LOOK_MS);
  }

  /** Resolves when it is `time`. */
  async until(time: number): Promise<void> {
    while (this.now() < time) await wait(5);
  }

  #look(wall: number): void {
    if (wall - this.#looked < LOOK_MS && this.#anchors.length > 0) return;
    this.#looked = wall;
    const { mtimeMs, size } = statSync(this.#file);
    if (mtimeMs + size === this.#seen) return;
    this.#anchors = JSON.parse(readFileSync(this.#file, 'utf8')) as Anchor[];
    this.#seen = mtimeMs + size;
  }
}

function at(anchors: readonly Anchor[], wall: number): number {
  const last = (anchors.findLast((each) => each.wall <= wall) ?? anchors[0]) as Anchor;
  return Math.floor(last.at + ((wall - last.wall) * 60_000) / last.pace);
}

function write(file: string, anchors: readonly Anchor[]): void {
  // Whole or not at all: others read at any time.
  writeFileSync(`${file}.new`, JSON.stringify(anchors));
  renameSync(`${file}.new`, file);
}
