import type { Enricher, UsageEvent } from '@auspex/contracts';
import { cached } from '../cached.ts';
import type { GroupOptions } from './config.ts';
import { compileRule, type Rule, template } from './rules.ts';

const NO_BYTES = new Uint8Array(0);

/** Fills group and POP by rule, and shortens resources. Has no state: its caches hold only what the rules give anew. */
export class GroupEnricher implements Enricher<null> {
  readonly #group: Rule | undefined;
  readonly #pop: Rule | undefined;
  readonly #override: boolean;
  readonly #shorten: ((path: string) => string) | undefined;

  /** @throws AuspexError when a lookup table cannot be read */
  constructor({ rule, pop, override, resourceSegments: segments }: GroupOptions) {
    this.#group = rule && compileRule(rule);
    this.#pop = pop && compileRule(pop);
    this.#override = override;
    this.#shorten = segments === undefined ? undefined : cached((path) => template(path, segments));
  }

  begin(): null {
    return null;
  }

  enrich(_state: null, event: UsageEvent): UsageEvent {
    // POP first: a group may be made of it. The resource last: a group is made of the whole path.
    if (this.#pop !== undefined && (this.#override || event.pop === '')) {
      const pop = this.#pop(event);
      if (pop !== '') event.pop = pop;
    }
    if (this.#group !== undefined && (this.#override || event.group === '')) {
      const group = this.#group(event);
      if (group !== '') event.group = group;
    }
    if (this.#shorten !== undefined && event.resource !== undefined && event.resource !== '')
      event.resource = this.#shorten(event.resource);
    return event;
  }

  encode(): Uint8Array {
    return NO_BYTES;
  }

  decode(): null {
    return null;
  }
}
