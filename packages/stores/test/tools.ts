import type { Store } from '@auspex/contracts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);

export async function put(store: Store, entries: Readonly<Record<string, string>>): Promise<void> {
  await store.batch(Object.entries(entries).map(([key, value]) => ({ type: 'put', key, value: bytes(value) })));
}

export async function list(store: Store, prefix: string, options?: { from?: string; limit?: number }): Promise<string[]> {
  const found: string[] = [];
  for await (const [key, value] of store.scan(prefix, options)) found.push(`${key}=${text(value)}`);
  return found;
}
