import { AuspexError } from '@auspex/contracts';
import type { ResolvedConfig, ResolvedPlugin } from '@auspex/core';
import { isAuspexError } from '../exit.ts';
import type { Checkup } from './checkup.ts';
import { type Holder, versionOf } from './modules.ts';

type When = (options: Readonly<Record<string, unknown>>) => boolean;

interface Peer {
  readonly name: string;
  readonly holder: Holder;
  /** Is it needed with these options? Default: always. */
  readonly when?: When;
}

const without =
  (option: string): When =>
  (options) =>
    options[option] === undefined;
const sized =
  (by: string): When =>
  ({ pools }) =>
    Object.values((pools ?? {}) as Record<string, object>).some((pool) => by in pool);
const KUBERNETES: Peer = { name: '@kubernetes/client-node', holder: '@auspex/actuators' };

/** Packages that come with a bundled plugin only where its user installs them. */
const PEERS: Readonly<Record<string, readonly Peer[]>> = {
  'source/kafka': [{ name: 'kafkajs', holder: '@auspex/sources', when: without('client') }],
  'source/http': [{ name: 'fastify', holder: '@auspex/sources' }],
  'enricher/geo': [
    { name: 'maxmind', holder: '@auspex/sources' },
    { name: '@ip-location-db/geo-whois-asn-country-mmdb', holder: '@auspex/sources', when: without('file') },
  ],
  'alertSink/smtp': [{ name: 'nodemailer', holder: '@auspex/alerts' }],
  'calendar/holidays': [{ name: 'date-holidays', holder: '@auspex/calendars' }],
  'actuator/kubernetes': [KUBERNETES],
  'actuator/keda': [KUBERNETES, { name: '@grpc/grpc-js', holder: '@auspex/actuators' }],
  'actuator/external-metrics': [KUBERNETES],
  'actuator/aws': [
    { name: '@aws-sdk/client-auto-scaling', holder: '@auspex/actuators', when: sized('autoScalingGroup') },
    { name: '@aws-sdk/client-ecs', holder: '@auspex/actuators', when: sized('ecsService') },
    { name: '@aws-sdk/client-application-auto-scaling', holder: '@auspex/actuators', when: sized('ecsService') },
  ],
  'store/mongo': [{ name: 'mongodb', holder: '@auspex/stores', when: without('client') }],
  'store/cassandra': [{ name: 'cassandra-driver', holder: '@auspex/stores' }],
};

function peersOf({ plugin, options }: ResolvedPlugin): readonly Peer[] {
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  return (PEERS[`${plugin.kind}/${plugin.id}`] ?? []).filter(({ when }) => when === undefined || when(given));
}

/** Checks the optional packages that the config needs. Returns, for a plugin, which of its packages is missing. */
export async function checkPeers(checkup: Checkup, config: ResolvedConfig): Promise<(used: ResolvedPlugin) => string | undefined> {
  const missing = new Set<string>();
  const needed = new Map(
    [config.store, ...config.sources, ...config.enrich, ...config.calendars, ...config.sinks, ...config.actuators.values()]
      .flatMap(peersOf)
      .map((peer) => [peer.name, peer]),
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
