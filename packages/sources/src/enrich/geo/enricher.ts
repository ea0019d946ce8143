import type { Enricher, UsageEvent } from '@auspex/contracts';
import { dotted, ipv4, ipv6, isSpecial4, isSpecial6 } from './address.ts';
import type { GeoOptions } from './config.ts';
import { type Lookup, openDatabase } from './database.ts';

const NO_BYTES = new Uint8Array(0);

/** Fills the country from the address. Has no state: what it remembers of addresses stays in memory, and is what the database gives anew. */
export class GeoEnricher implements Enricher<null> {
  readonly #lookup: Lookup;
  readonly #override: boolean;
  readonly #limit: number;
  /** IPv4 by number, IPv6 by text; cleared when full, since what repeats comes back at once. */
  readonly #known4 = new Map<number, string>();
  readonly #known6 = new Map<string, string>();

  /** @throws AuspexError when the database cannot be opened */
  constructor({ file, override, cache }: GeoOptions) {
    this.#lookup = openDatabase(file);
    this.#override = override;
    this.#limit = cache;
  }

  begin(): null {
    return null;
  }

  enrich(_state: null, event: UsageEvent): UsageEvent {
    const { ip } = event;
    if (ip === undefined || (event.country && !this.#override)) return event;
    const country = this.country(ip);
    if (country !== '') event.country = country;
    return event;
  }

  /** Country of an address, ISO 3166-1 alpha-2; '' for host names, private addresses, and what the database does not hold. */
  country(ip: string): string {
    const number = ipv4(ip);
    if (number >= 0) return this.#country4(number);
    if (!ip.includes(':')) return '';
    const known = this.#known6.get(ip);
    if (known !== undefined) return known;
    const found = this.#country6(ip);
    // What is no address is not remembered: a hostile client would fill the memory with long ones.
    if (ip.length <= 64) remember(this.#known6, ip, found, this.#limit);
    return found;
  }

  #country4(number: number): string {
    const known = this.#known4.get(number);
    if (known !== undefined) return known;
    const found = isSpecial4(number) ? '' : this.#lookup(dotted(number));
    remember(this.#known4, number, found, this.#limit);
    return found;
  }

  #country6(ip: string): string {
    const address = ipv6(ip);
    if (address === undefined) return '';
    if (typeof address === 'number') return this.#country4(address);
    return isSpecial6(address) ? '' : this.#lookup(address);
  }

  encode(): Uint8Array {
    return NO_BYTES;
  }

  decode(): null {
    return null;
  }
}

function remember<K>(known: Map<K, string>, key: K, country: string, limit: number): void {
  if (known.size >= limit) known.clear();
  known.set(key, country);
}
