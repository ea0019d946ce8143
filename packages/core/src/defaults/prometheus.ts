import type { Meter } from '@auspex/contracts';

type Labels = Record<string, string>;

/** The part of prom-client that is needed: pass the module itself, `prometheusMeter(promClient)`. */
export interface PromClient<R> {
  readonly Counter: new (options: PromOptions<R>) => { inc(labels: Labels, by: number): void };
  readonly Gauge: new (options: PromOptions<R>) => { set(labels: Labels, value: number): void };
}

interface PromOptions<R> {
  name: string;
  help: string;
  labelNames: string[];
  registers?: R[];
}

/**
 * A meter over prom-client, for a host that has a registry: `createEngine(config, { mode, host: { meter: prometheusMeter(client) } })`.
 *
 * A metric has the labels of its first use; of later ones those names alone are kept. A name that the registry knows already is
 * an error of prom-client, at the first use.
 *
 * @param registry default: prom-client's own
 */
export function prometheusMeter<R>(client: PromClient<R>, registry?: R): Meter {
  const metrics = new Map<string, { readonly names: readonly string[]; readonly add: (labels: Labels, value: number) => void }>();
  const metric = (kind: 'count' | 'gauge', name: string, labels: Labels) => {
    let known = metrics.get(name);
    if (!known) {
      const names = Object.keys(labels);
      const options = { name, help: `Auspex: ${name}`, labelNames: names, ...(registry === undefined ? {} : { registers: [registry] }) };
      if (kind === 'count') {
        const counter = new client.Counter(options);
        known = { names, add: (each, by) => counter.inc(each, by) };
      } else {
        const gauge = new client.Gauge(options);
        known = { names, add: (each, value) => gauge.set(each, value) };
      }
      metrics.set(name, known);
    }
    return known;
  };
  const record = (kind: 'count' | 'gauge', name: string, value: number, labels: Labels): void => {
    const { names, add } = metric(kind, name, labels);
    add(Object.fromEntries(names.map((each) => [each, labels[each] ?? ''])), value);
  };
  return {
    count: (name, by = 1, labels = {}) => record('count', name, by, labels),
    gauge: (name, value, labels = {}) => record('gauge', name, value, labels),
  };
}
