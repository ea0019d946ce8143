import { preset } from '../../../packages/preset/src/index.ts';

/** One row of the tables: the engine's forecasting with these predictors. */
export interface Method {
  /** What --only calls it, and its files. */
  readonly key: string;
  readonly title: string;
  /** Ids; undefined = the preset's. */
  readonly predictors: readonly string[] | undefined;
  /** Shown no more than the peers are. */
  readonly context?: boolean;
  /** Options of a predictor, as bench forecast takes them. */
  readonly with?: string;
}

/** The preset's predictors of a pool's total. */
function shipped(): string[] {
  const uses = preset({ sources: [], pools: [] }).predictors ?? [];
  return uses.filter((use) => use.for !== 'groups').map(({ use }) => (typeof use === 'string' ? use : use.id));
}

/** The default, each predictor by itself, the default without each, and one set at the peers' context ('default' = the preset's). */
export function methods(atContext: string): Method[] {
  const ids = shipped();
  const few = atContext === 'default' ? undefined : atContext.split(',');
  return [
    { key: 'default', title: 'default', predictors: undefined },
    { key: 'context', title: `${few ? few.join(' and ') : 'default'}, peers' context`, predictors: few, context: true },
    ...ids.map((id) => ({ key: id, title: id, predictors: [id] })),
    ...ids.map((id) => ({ key: `without-${id}`, title: `without ${id}`, predictors: ids.filter((each) => each !== id) })),
  ];
}
