import type { Enricher, UsageEvent } from '@auspex/contracts';
import { isbot } from 'isbot';
import { cached } from '../cached.ts';
import type { BotOptions } from './config.ts';

const NO_BYTES = new Uint8Array(0);
/** As much of an agent as is looked at: the patterns need no more, and a hostile client may send a megabyte. */
const LOOKED_AT = 512;

/** Sets bots apart by their user agent. Has no state. */
export class BotEnricher implements Enricher<null> {
  readonly #drop: boolean;
  readonly #group: string;
  readonly #withoutAgent: boolean;
  readonly #verdict: (agent: string) => string;

  constructor({ as, group, withoutAgent, also, except }: BotOptions) {
    this.#drop = as === 'drop';
    this.#group = group;
    this.#withoutAgent = withoutAgent === 'bot';
    const [bots, others] = [also, except].map((words) => words.map((word) => word.toLowerCase())) as [string[], string[]];
    this.#verdict = cached((agent) => {
      const text = agent.toLowerCase();
      if (others.some((word) => text.includes(word))) return '';
      return bots.some((word) => text.includes(word)) || isbot(agent) ? 'bot' : '';
    });
  }

  begin(): null {
    return null;
  }

  enrich(_state: null, event: UsageEvent): UsageEvent | undefined {
    if (!this.isBot(event.agent)) return event;
    if (this.#drop) return undefined;
    event.group = this.#group;
    return event;
  }

  isBot(agent: string | undefined): boolean {
    // A dash is how access logs write that there is none.
    if (agent === undefined || agent === '' || agent === '-') return this.#withoutAgent;
    return this.#verdict(agent.length > LOOKED_AT ? agent.slice(0, LOOKED_AT) : agent) !== '';
  }

  encode(): Uint8Array {
    return NO_BYTES;
  }

  decode(): null {
    return null;
  }
}
