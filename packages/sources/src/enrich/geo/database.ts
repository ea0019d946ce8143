import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AuspexError, peerError } from '@auspex/contracts';

/** The part of `maxmind` that we need. */
interface MaxMind {
  readonly Reader: new (bytes: Buffer) => { get(address: string): unknown; readonly metadata: { readonly databaseType: string } };
}

const FILE = '@ip-location-db/geo-whois-asn-country-mmdb';

/** Gives the country of a public address; '' when the database does not hold it. */
export type Lookup = (address: string) => string;

/**
 * Opens a country database.
 *
 * @throws AuspexError PLUGIN_NOT_FOUND without `maxmind` or the default file, SOURCE_NOT_FOUND, SOURCE_NO_VALID_RECORD
 */
export function openDatabase(file: string | undefined): Lookup {
  const require = createRequire(import.meta.url);
  const { Reader } = load<MaxMind>('maxmind', () => require('maxmind') as MaxMind);
  const path = file ?? load(FILE, () => require.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'));
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new AuspexError('SOURCE_NOT_FOUND', 'the country database cannot be read', { path, cause });
  }
  let reader: InstanceType<MaxMind['Reader']>;
  try {
    reader = new Reader(bytes);
    // A file of another kind is found out now and not with every event.
    reader.get('1.1.1.1');
  } catch (cause) {
    throw new AuspexError('SOURCE_NO_VALID_RECORD', `this is no country database (${(cause as Error).message})`, {
      path,
      remedy: 'Give a country or city database in the MaxMind format, .mmdb; unpack it first.',
      cause,
    });
  }
  return (address) => {
    try {
      return countryOf(reader.get(address));
    } catch {
      // A database of IPv4 alone refuses IPv6.
      return '';
    }
  };
}

function load<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw peerError('geo', name, cause);
  }
}

/** The country in a record of any of the databases that there are; '' when it has none. */
function countryOf(record: unknown): string {
  if (typeof record !== 'object' || record === null) return '';
  const { country, country_code: code, registered_country: registered } = record as Record<string, unknown>;
  const found = code ?? isoOf(country) ?? isoOf(registered);
  return typeof found === 'string' && /^[A-Z]{2}$/.test(found) ? found : '';
}

function isoOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['iso_code'] : (value ?? undefined);
}
