import type { SourceBatch, Usage, UsageEvent } from '@auspex/contracts';
import type { EnrichStage } from '../stages/enrich.ts';
import { addEvent, emptyUsage } from '../usage/accumulate.ts';
import { mergeUsage } from '../usage/merge.ts';
import { boundedName } from '../usage/name.ts';

/** Where users of no known group are counted, and those of groups beyond `maxGroups`. */
export const OTHER = 'other';

/** A time further ahead of all others than this is a broken clock until a hundred events agree with it. */
const JUMP_MS = 31 * 86_400_000;
const AGREEING = 100;
/** Clocks of a fleet differ; an event further in the future than this would close steps that are still going on. */
const SKEW_MS = 60_000;

export interface ShardOptions {
  readonly stepMs: number;
  /** A step closes once an event this much later than its end was seen. */
  readonly latenessMs: number;
  readonly maxGroups: number;
  /** Hash of a user, for distinct counts: another one every local day of the usage's group. */
  readonly hashUser: (user: string, usage: Usage) => number;
  /** In live and shadow: now (epoch ms). Later events are broken clocks. Undefined in a replay, whose time is the trace's. */
  readonly now?: () => number;
  readonly enrich: EnrichStage;
}

/** Counters of one shard, since its beginning. */
export interface ShardCounts {
  events: number;
  /** Events whose step was closed: they go to history only. */
  late: number;
  /** Records that the source could not read. */
  malformed: number;
  /** Events of an impossible future. */
  ahead: number;
}

type OpenStep = Map<string, Map<string, Usage>>;

/** More than this one record cannot stand for. */
const MOST_AMOUNT = 1e15;

/**
 * One source partition: its open steps, watermark and enricher state. Everything in it advances event by event, so that
 * how the input was cut into batches changes nothing.
 */
export class Shard {
  readonly name: string;
  readonly counts: ShardCounts = { events: 0, late: 0, malformed: 0, ahead: 0 };
  readonly enricherStates: unknown[];
  readonly open = new Map<number, OpenStep>();
  readonly late = new Map<string, Usage>();
  /** Steps in which a group found no room and was counted as `other`. */
  readonly overflowed = new Set<number>();
  gaps: { from: number; to: number }[] = [];
  position: string | undefined;
  /** Highest event time, or what the source vouches for; -Infinity before the first. */
  watermark = Number.NEGATIVE_INFINITY;
  /** Steps that start before this are closed in this shard. */
  boundary = Number.NEGATIVE_INFINITY;
  ended = false;
  readonly #options: ShardOptions;
  #current: OpenStep | undefined;
  #currentStep = Number.NaN;
  #agreeing = 0;

  constructor(name: string, options: ShardOptions) {
    this.name = name;
    this.#options = options;
    this.enricherStates = options.enrich.begin();
  }

  add(batch: SourceBatch): void {
    for (const event of batch.events) this.#event(event);
    for (const gap of batch.gaps ?? []) this.gaps.push({ ...gap });
    this.counts.malformed += batch.malformed ?? 0;
    if (batch.watermark !== undefined) this.#advance(Math.min(batch.watermark, this.#options.now?.() ?? batch.watermark));
    this.position = batch.position;
    if (batch.end) this.#end(batch.watermark);
  }

  #event(raw: UsageEvent): void {
    const { at } = raw;
    if (at > this.watermark) {
      const { now } = this.#options;
      if (now !== undefined && at > now() + SKEW_MS) {
        this.counts.ahead++;
        return;
      }
      if (at - this.watermark > JUMP_MS && this.watermark !== Number.NEGATIVE_INFINITY && ++this.#agreeing < AGREEING) {
        this.counts.ahead++;
        return;
      }
      this.#agreeing = 0;
      this.#advance(at);
    }
    this.counts.events++;
    const event = this.#options.enrich.enrich(this.enricherStates, raw);
    if (!event) return;
    if (isAmount(event.count) && isAmount(event.weight) && isAmount(event.bytes)) this.#count(event);
    else this.counts.malformed++;
  }

  #count(event: UsageEvent): void {
    const { stepMs, hashUser } = this.#options;
    const step = Math.floor(event.at / stepMs) * stepMs;
    if (step < this.boundary) {
      this.counts.late++;
      const usage = emptyUsage(step, event.group === '' ? OTHER : boundedName(event.group), boundedName(event.pop));
      addEvent(usage, event, hashUser);
      this.#addLate(usage);
      return;
    }
    if (step !== this.#currentStep) {
      this.#currentStep = step;
      this.#current = this.open.get(step);
      if (!this.#current) {
        this.#current = new Map();
        this.open.set(step, this.#current);
      }
    }
    const current = this.#current as OpenStep;
    let groups = current.get(event.pop);
    if (!groups) {
      groups = new Map();
      current.set(event.pop, groups);
    }
    let usage = groups.get(event.group);
    if (!usage) {
      const group = this.#group(event.group, groups, step);
      usage = groups.get(group) ?? emptyUsage(step, group, boundedName(event.pop));
      groups.set(group, usage);
    }
    addEvent(usage, event, hashUser);
  }

  /** Late events of one step and group are kept together, so that a flood of them stays small. */
  #addLate(usage: Usage): void {
    const key = `${usage.step}\0${usage.pop}\0${usage.group}`;
    const present = this.late.get(key);
    this.late.set(key, present ? mergeUsage(present, usage) : usage);
  }

  /** The name under which an event is counted: at most `maxGroups` a step and POP, the rest is `other`. */
  #group(text: string, known: ReadonlyMap<string, Usage>, step: number): string {
    if (text === '' || text === OTHER) return OTHER;
    const group = boundedName(text);
    if (known.has(group) || known.size < this.#options.maxGroups) return group;
    this.overflowed.add(step);
    return OTHER;
  }

  #advance(watermark: number): void {
    if (watermark <= this.watermark) return;
    this.watermark = watermark;
    const { stepMs, latenessMs } = this.#options;
    const boundary = Math.floor((watermark - latenessMs) / stepMs) * stepMs;
    if (boundary > this.boundary) this.#close(boundary);
  }

  /** Closes what is open. A watermark that the source vouches for ends its step; an event's time lies inside one. */
  #end(vouched = Number.NEGATIVE_INFINITY): void {
    this.ended = true;
    if (this.watermark === Number.NEGATIVE_INFINITY) return;
    const { stepMs } = this.#options;
    const last = Math.max(...this.open.keys(), this.boundary - stepMs);
    this.#close(Math.max(last + stepMs, Math.ceil(vouched / stepMs) * stepMs));
  }

  /** Time has passed `boundary`: enrichers say what it decided (sessions that ended), then the steps before it are closed. */
  #close(boundary: number): void {
    this.#options.enrich.expire(this.enricherStates, boundary, (event) => this.#count(event));
    this.boundary = boundary;
  }

  /** Did a group find no room in this step? Asked once, when the step closes. */
  takeOverflow(step: number): boolean {
    return this.overflowed.delete(step);
  }

  /** Removes a closed step and returns its usage; empty when nothing was seen in it. */
  take(step: number): Usage[] {
    const groups = this.open.get(step);
    if (!groups) return [];
    this.open.delete(step);
    if (step === this.#currentStep) this.#currentStep = Number.NaN;
    const taken = new Set<Usage>();
    for (const byGroup of groups.values()) for (const usage of byGroup.values()) taken.add(usage);
    return [...taken];
  }

  /** Does a gap that the source reported cover the step, even in part? Gaps that lie behind are forgotten. */
  inGap(step: number): boolean {
    const { stepMs } = this.#options;
    if (this.gaps.length === 0) return false;
    this.gaps = this.gaps.filter((gap) => gap.to > step);
    return this.gaps.some((gap) => gap.from < step + stepMs && gap.to > step);
  }

  /** Steps before `at` are closed already: what comes for them is late. */
  beginAt(at: number): void {
    this.boundary = Math.max(this.boundary, at);
  }

  /** The source has ended: nothing more will come. */
  finish(): void {
    if (!this.ended) this.#end();
  }

  /** The usage that is open, each once: several names may be counted as one. */
  openUsage(): Usage[] {
    const all = new Set<Usage>();
    for (const step of this.open.values()) for (const groups of step.values()) for (const usage of groups.values()) all.add(usage);
    return [...all];
  }

  /** Drops the open usage of a group; says how many. */
  forgetGroup(group: string): number {
    const dropped = new Set<Usage>();
    for (const [step, pops] of this.open) {
      for (const [pop, groups] of pops) {
        for (const [name, usage] of groups) {
          if (usage.group !== group) continue;
          dropped.add(usage);
          groups.delete(name);
        }
        if (groups.size === 0) pops.delete(pop);
      }
      if (pops.size === 0) this.open.delete(step);
    }
    return dropped.size;
  }

  restore(saved: { open: readonly Usage[]; enrichers: readonly unknown[] }): void {
    saved.enrichers.forEach((state, k) => {
      this.enricherStates[k] = state;
    });
    for (const usage of saved.open) {
      let step = this.open.get(usage.step);
      if (!step) {
        step = new Map();
        this.open.set(usage.step, step);
      }
      let groups = step.get(usage.pop);
      if (!groups) {
        groups = new Map();
        step.set(usage.pop, groups);
      }
      const present = groups.get(usage.group);
      groups.set(usage.group, present ? mergeUsage(present, usage) : usage);
    }
  }
}

/** Amounts add up for weeks: one that is negative or no number would be in every sum from then on. */
function isAmount(value: number | undefined): boolean {
  return value === undefined || (value >= 0 && value < MOST_AMOUNT);
}
