import { z } from 'zod';
import type { Backend, Found } from './client.ts';

/** A server as Auspex last knew it. */
const entry = z.strictObject({
  /** It takes new sessions. */
  in: z.boolean(),
  /** Who made it so: Auspex, the configuration of HAProxy, somebody else. */
  by: z.enum(['auspex', 'config', 'other']),
  /** When it was first seen so, epoch ms. */
  since: z.number(),
  /** Auspex is about to change it to this: it is unknown whether that went through. */
  pending: z.boolean().optional(),
});

export const ledgerShape = z.strictObject({ process: z.string(), servers: z.record(z.string(), entry) });

export type Entry = z.output<typeof entry>;
/** What Auspex remembers of the servers of a pool, to tell its own doing from that of others. */
export type Ledger = z.output<typeof ledgerShape>;

/** A server of a pool: as it is found, undefined while it is yet to be added; and what is known of it. */
export interface Server {
  readonly name: string;
  readonly found: Found | undefined;
  readonly entry: Entry;
  /** Address under which Auspex adds it. */
  readonly address: string | undefined;
}

/**
 * What is found beside what was known. A server that is not as Auspex left it was changed by somebody else; after a start of HAProxy nobody did it:
 * what was set at run time is gone.
 */
export function compare(
  names: readonly { name: string; address?: string }[],
  found: Backend,
  ledger: Ledger | undefined,
  now: number,
): Server[] {
  const byName = new Map(found.servers.map((server) => [server.name, server]));
  const started = ledger?.process !== found.process;
  return names.map(({ name, address }) => {
    const server = byName.get(name);
    return { name, address, found: server, entry: entryOf(server, ledger?.servers[name], started, now) };
  });
}

function entryOf(server: Found | undefined, known: Entry | undefined, started: boolean, now: number): Entry {
  const inService = server?.admin === 'ready';
  if (known && known.in === inService) return { in: inService, by: known.by, since: known.since };
  // The write did not go through, or went through and was undone: it is Auspex's to write again.
  if (known?.pending) return { in: inService, by: 'auspex', since: now };
  if (known && !started) return { in: inService, by: 'other', since: now };
  // Out of service, neither by the configuration nor by Auspex: somebody wants it so.
  const by = inService || !server || server.spare ? 'config' : 'other';
  return { in: inService, by, since: now };
}
