import type { UsageEvent } from '../data/event.ts';

/**
 * Stage 1b: completes events before they are counted. State is per shard and lives in the shard's checkpoint.
 *
 * `enrich` returns the event (the same object, completed, is fine), or undefined to drop it. It MUST NOT invent a user.
 * What the source measured stays: `at`, `kind`, `outcome`, `attempt`, `count`, `weight`, `bytes`. State MUST NOT hold a user, an
 * address or an agent in clear: hash them with a key from `context.random`. `decode` MUST throw on bytes that `encode` did not write.
 * It runs for every event: keep it synchronous and below a microsecond.
 */
export interface Enricher<S = unknown> {
  begin(): S;
  enrich(state: S, event: UsageEvent): UsageEvent | undefined;
  /** Events that the passing of time decided, such as ended sessions; they go past the other enrichers. Called when a step closes; `at` = its end (epoch ms). */
  expire?(state: S, at: number): readonly UsageEvent[];
  /**
   * Takes out of the state what is known of a user, as events name the user, or of a group; what others did stays as it is. Called
   * by `auspex forget` between a start and a stop, never while events come. Optional: an enricher that has state and cannot forget
   * is reported as such.
   */
  forget?(state: S, what: { readonly user: string } | { readonly group: string }): void;
  encode(state: S): Uint8Array;
  decode(bytes: Uint8Array): S;
}
