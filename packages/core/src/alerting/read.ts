import type { Alert, Store } from '@auspex/contracts';
import { unpack } from '@auspex/numerics';
import { KEYS } from '../persistence/keys.ts';
import type { Episode } from './episodes.ts';

/** What a store says of alerts, beside a running engine. */
export interface KnownAlerts {
  /** Causes that last, those among them that nobody was told of yet: they have not lasted long enough, or are silent. */
  readonly causes: readonly (Pick<
    Episode,
    'fingerprint' | 'rule' | 'severity' | 'labels' | 'summary' | 'details' | 'since' | 'last' | 'firing'
  > & {
    readonly told: number | null;
  })[];
  /** Alerts that a sink has not taken, by sink. */
  readonly waiting: Readonly<Record<string, readonly Alert[]>>;
}

/** Reads what is firing and what waits. @throws on bytes of another format */
export async function readAlerts(store: Pick<Store, 'get' | 'scan'>): Promise<KnownAlerts> {
  const bytes = await store.get(KEYS.alerts);
  const record = bytes ? unpack<{ v: number; episodes: Episode[] }>(bytes) : undefined;
  if (record && record.v !== 1) throw new Error(`alerts of format ${String(record.v)}; this version reads 1`);
  const waiting: Record<string, Alert[]> = {};
  for await (const [key, value] of store.scan(KEYS.outbox)) {
    const sink = decodeURIComponent(key.split('/')[1] as string);
    const alert = JSON.parse(new TextDecoder().decode(value)) as Alert;
    waiting[sink] = [...(waiting[sink] ?? []), alert];
  }
  return {
    causes: (record?.episodes ?? []).map(({ toldBefore: _, unheard, told, ...cause }) => ({ ...cause, told: unheard ? null : told })),
    waiting,
  };
}
