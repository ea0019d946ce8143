import type { Meter } from '@auspex/contracts';

/** Keeps every count and the last of every gauge, under `name{label=value,…}`. */
export class RecordingMeter implements Meter {
  readonly values = new Map<string, number>();

  count(name: string, by = 1, labels?: Readonly<Record<string, string>>): void {
    const key = keyOf(name, labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void {
    this.values.set(keyOf(name, labels), value);
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const text = Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join();
  return text ? `${name}{${text}}` : name;
}
