import type { Mark, Scaling, Status, Target } from './target.ts';

/** Where marks are kept for targets that keep none themselves. */
export interface Marks {
  read(pool: string): Promise<Mark | undefined>;
  /** Durable when it resolves. */
  write(pool: string, mark: Mark | undefined): Promise<void>;
  /** Runs `act` while no other process that goes by these marks does. Absent = there is none. @throws Conflict while one does */
  alone?<T>(pool: string, act: () => Promise<T>): Promise<T>;
}

/** `Target.alone` of a target whose marks these are. */
export function aloneBy<T>(marks: Marks, pool: string, act: () => Promise<T>): Promise<T> {
  return marks.alone ? marks.alone(pool, act) : act();
}

/**
 * A target with its marks kept elsewhere. The mark is written before the units, with what was there (`was`), so that a crash or a lost answer between
 * the two is neither a forgotten original nor somebody else's change.
 */
export function withMarks(target: Target, marks: Marks): Target {
  return {
    async status(pool, signal): Promise<Status> {
      const status = await target.status(pool, signal);
      const mark = await marks.read(pool);
      return mark === undefined ? status : { ...status, mark };
    },
    async scale(pool, { units, mark, status, order }: Scaling, signal): Promise<void> {
      if (units !== status.units) {
        if (mark) await marks.write(pool, { ...mark, was: status.units });
        await target.scale(pool, { units, status, ...(mark && { mark }), ...(order && { order }) }, signal);
      }
      await marks.write(pool, mark);
    },
    alone: (pool, act) => aloneBy(marks, pool, act),
    close: async () => target.close?.(),
  };
}
