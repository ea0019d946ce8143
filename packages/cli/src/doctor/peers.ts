import { AuspexError } from '@auspex/contracts';
import type { ResolvedConfig, ResolvedPlugin } from '@auspex/core';
import { isAuspexError } from '../exit.ts';
import type { Checkup } from './checkup.ts';
import { type Holder, versionOf } from './modules.ts';

interface Peer {
  readonly name: string;
  readonly holder: Holder;
  /** Is it needed with these options? Default: always. */
  readonly unless?: string;
}

/** Packages that come with a bundled plugin only where its user installs them. */
const PEERS: Readonly<Record<string, readonly Peer[]>> = {
  'source/kafka': [{ name: 'kafkajs', holder: '@auspex/sources', unless: 'client' }],
  'source/http': [{ name: 'fastify', holder: '@auspex/sources' }],
  'enricher/geo': [
    { name: 'maxmind', holder: '@auspex/sources' },
    { name: '@ip-location-db/geo-whois-asn-country-mmdb', holder: '@auspex/sources', unless: 'file' },
  ],
  'calendar/holidays': [{ name: 'date-holidays', holder: '@auspex/calendars' }],
  'store/mongo': [{ name: 'mongodb', holder: '@auspex/stores', unless: 'client' }],
  'store/cassandra': [{ name: 'cassandra-driver', holder: '@auspex/stores' }],
};

function peersOf({ plugin, options }: ResolvedPlugin): readonly Peer[] {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  return (PEERS[`${plugin.kind}/${plugin.id}`] ?? []).filter(({ unless }) => unless === undefined || given[unless] === undefined);
}

/** Checks the optional packages that the config needs. Returns, for a plugin, which of its packages is missing. */
export async function checkPeers(checkup: Checkup, config: ResolvedConfig): Promise<(used: ResolvedPlugin) => string | undefined> {
  const missing = new Set<string>();
  const needed = new Map(
    [config.store, ...config.sources, ...config.enrich, ...config.calendars].flatMap(peersOf).map((peer) => [peer.name, peer]),
  );
  for (const { name, holder } of needed.values()) {
    const found = await checkup.run<true>(`package ${name}`, 'PLUGIN_NOT_FOUND', () => ({ seen: present(name, holder), value: true }));
    if (!found) missing.add(name);
  }
  return (used) => peersOf(used).find(({ name }) => missing.has(name))?.name;
}

function present(name: string, holder: Holder): string {
  try {
    return versionOf(name, holder) || 'installed';
  } catch (cause) {
    if (!isAuspexError(cause)) throw cause;
    throw new AuspexError('PLUGIN_NOT_FOUND', `the package ${name} is not installed`, { remedy: `Run: npm install ${name}`, cause });
  }
}
