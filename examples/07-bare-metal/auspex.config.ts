import { readFileSync } from 'node:fs';
// biome-ignore lint/correctness/noUndeclaredDependencies: the command brings it along
import { composite, defineConfig, haproxy, lmdb, ndjson, preset, redfish, use } from '@auspex/preset';
import { drainFirst, replaceDown } from './in-turn.ts';

/** What differs from site to site: see inventory.json. */
interface Inventory {
  readonly hosts: readonly { readonly name: string; readonly bmc: string; readonly address: string }[];
  readonly ca?: string;
  readonly socket: string;
  readonly log: string;
  readonly state: string;
  readonly boot: string;
  readonly drain: string;
}

const file = process.env['AUSPEX_INVENTORY'] ?? '/etc/auspex/inventory.json';
const { hosts, ca, socket, log, state, boot, drain } = JSON.parse(readFileSync(file, 'utf8')) as Inventory;
// Engine and keeper run in different folders, or may: they meet here.
const leases = `${state}/leases`;

/** Power: which hosts are on. */
const power = use(drainFirst(redfish, drain), {
  pools: {
    web: {
      hosts: hosts.map(({ bmc, address }) => ({ system: bmc, health: `http://${address}/health` })),
      // Whatever is decided, these stay on.
      floor: 2,
    },
  },
  userEnv: 'BMC_USER',
  passwordEnv: 'BMC_PASSWORD',
  ...(ca && { ca }),
  boot,
  shutdownGrace: '10m',
  // Power supplies and disks do not like more. A host that has had them stays on.
  cyclesPerDay: 4,
  leases,
});

/** Traffic: which of them get requests. */
const traffic = use(replaceDown(haproxy, boot), {
  socket,
  pools: { web: { backend: 'web', servers: hosts.map(({ name }) => name) } },
  drain,
  leases,
});

// biome-ignore lint/style/noDefaultExport: a config is one
export default defineConfig(
  preset({
    sources: [use(ndjson, { files: [log], follow: true })],
    store: use(lmdb, { path: `${state}/store` }),
    pools: [
      {
        id: 'web',
        // Requests a second that a host serves when it is busy.
        unitRate: 400,
        // From the order to the first request: power-on self-test, boot, health check.
        leadTime: '12m',
        min: 2,
        max: hosts.length,
        actuator: use(composite({ routes: [{ to: [power, traffic] }] })),
      },
    ],
    // A host that was needed a moment ago stays for an hour: it takes longer to come than to go.
    guards: { stabilisation: '1h' },
    // An engine that is restarted or upgraded within half an hour finds all hosts as they were.
    leases: { for: '30m' },
  }),
);
