import type { Logger, Meter } from '@auspex/contracts';

/** Says nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A logger that names the plugin in every line. */
export function loggerOf(logger: Logger, plugin: string): Logger {
  return {
    debug: (fields, message) => logger.debug({ plugin, ...fields }, message),
    info: (fields, message) => logger.info({ plugin, ...fields }, message),
    warn: (fields, message) => logger.warn({ plugin, ...fields }, message),
    error: (fields, message) => logger.error({ plugin, ...fields }, message),
  };
}

/** Counts and gauges in memory, by `name{label=value,…}`; what `auspex run --json` prints at its end. */
export class MemoryMeter implements Meter {
  readonly values = new Map<string, number>();

  static #key(name: string, labels: Readonly<Record<string, string>> | undefined): string {
    if (!labels) return name;
    return `${name}{${Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .sort()
      .join(',')}}`;
  }

  count(name: string, by = 1, labels?: Readonly<Record<string, string>>): void {
    const key = MemoryMeter.#key(name, labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void {
    this.values.set(MemoryMeter.#key(name, labels), value);
  }
}
