import { aloneBy, type Mark, type Marks, Refused, type Scaling, type Status, type Target } from '../target/index.ts';
import type { Service, SystemdClient } from './client.ts';
import type { SystemdPool } from './config.ts';

/** The instances of a template as they were found. */
export interface SystemdStatus extends Status {
  /** Numbers of those that are to run, lowest first. */
  readonly running: readonly number[];
  /** Of them those that failed. */
  readonly failed: readonly number[];
  readonly started: string;
}

/** ActiveStates of an instance that runs or is about to. */
const UP: readonly string[] = ['active', 'activating', 'reloading'];
const MANAGER = 'manager=';

/** Instances of a template unit: a unit is one that is to run. */
export class SystemdTarget implements Target<SystemdStatus> {
  readonly #pools: Readonly<Record<string, SystemdPool>>;
  readonly #client: SystemdClient;
  readonly #marks: Marks;

  constructor(pools: Readonly<Record<string, SystemdPool>>, client: SystemdClient, marks: Marks) {
    this.#pools = pools;
    this.#client = client;
    this.#marks = marks;
  }

  async status(pool: string, signal: AbortSignal): Promise<SystemdStatus> {
    const options = this.#pool(pool);
    const { started, services } = await this.#client.list(nameOf(options, '*'), signal);
    const mark = await this.#marks.read(pool);
    const same = mark?.parts?.includes(`${MANAGER}${started}`) ?? false;
    const numbered = services.flatMap((service) => {
      const n = numberOf(options, service.name);
      return n === undefined ? [] : [{ ...service, n }];
    });
    // One that failed without having been stopped is still to run: that it does not is nobody's wish.
    const failed = numbered.filter(({ active, name }) => active === 'failed' && same && mark?.parts?.includes(name)).map(({ n }) => n);
    const running = [...numbered.filter(({ active }) => UP.includes(active)).map(({ n }) => n), ...failed].sort((a, b) => a - b);
    const detail = detailOf(options, numbered, failed);
    // A manager that was started anew runs what it finds enabled, and a change that was cut short is in between: neither was somebody else.
    return {
      units: running.length,
      ready: numbered.filter(({ active }) => active === 'active' || active === 'reloading').length,
      running,
      failed,
      started,
      ...(mark && { mark: same && !isBetween(mark, running.length) ? mark : { ...mark, was: running.length } }),
      ...(detail && { detail }),
    };
  }

  alone<T>(pool: string, act: () => Promise<T>): Promise<T> {
    return aloneBy(this.#marks, pool, act);
  }

  async scale(pool: string, { units, mark, status }: Scaling & { status: SystemdStatus }, signal: AbortSignal): Promise<void> {
    const options = this.#pool(pool);
    const { running, failed, started } = status;
    const down = running.slice(units).reverse();
    const up: number[] = [];
    for (let n = options.first; up.length < units - running.length; n++) if (!running.includes(n)) up.push(n);
    const parts = [...running.slice(0, units), ...up].map((n) => nameOf(options, n));
    const note = (given: Mark): Mark => ({ ...given, parts: [`${MANAGER}${started}`, ...parts] });
    // Before the units, with what was there: a crash between the two is neither a forgotten original nor somebody else's change.
    // The same where something is brought back: what is left of it must not look like the wish of somebody else.
    const noted = mark ?? (status.mark && { ...status.mark, units });
    if (noted) await this.#marks.write(pool, { ...note(noted), was: status.units });
    const again = failed.filter((n) => !down.includes(n));
    for (const n of [...up, ...again]) await this.#client.start(nameOf(options, n), signal);
    for (const n of down) await this.#client.stop(nameOf(options, n), signal);
    await this.#marks.write(pool, mark && note(mark));
  }

  #pool(pool: string): SystemdPool {
    const options = this.#pools[pool];
    if (!options) throw new Refused(`the options name no pool "${pool}": add it to pools`);
    return options;
  }
}

/** The units lie between those before the last change and those after it, and it is unknown how far that came. */
function isBetween({ was, units }: Mark, found: number): boolean {
  return was !== undefined && found >= Math.min(was, units) && found <= Math.max(was, units);
}

function nameOf({ unit }: SystemdPool, n: number | '*'): string {
  return unit.replace('@.', () => `@${n}.`);
}

/** Number of an instance; undefined of one that is not Auspex's to use. */
function numberOf(options: SystemdPool, name: string): number | undefined {
  const [before = ''] = options.unit.split('.service');
  const text = name.startsWith(before) ? name.slice(before.length, -'.service'.length) : '';
  const n = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
  return n !== undefined && n >= options.first ? n : undefined;
}

function detailOf(options: SystemdPool, services: readonly (Service & { n: number })[], failed: readonly number[]): string | undefined {
  const again = services.filter(({ sub }) => sub === 'auto-restart').map(({ name }) => name);
  const parts = [
    failed.length > 0 && `${failed.map((n) => nameOf(options, n)).join(', ')} failed`,
    again.length > 0 && `${again.join(', ')} died and waits for systemd to start it again`,
  ].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join('; ');
}
