import { describe, expect, it } from 'vitest';
import { MemoryStore, memory } from '../src/memory/index.ts';
import { list, put } from './tools.ts';

describe('memory', () => {
  it('forks: neither store sees what the other does after the snapshot', async () => {
    const trained = new MemoryStore();
    await put(trained, { a: '1', b: '2' });
    const snapshot = trained.snapshot();
    const fork = MemoryStore.from(snapshot);
    await put(fork, { a: 'fork', c: '3' });
    await put(trained, { a: 'trained' });
    await trained.batch([{ type: 'delete', key: 'b' }]);
    expect(await list(trained, '')).toEqual(['a=trained']);
    expect(await list(fork, '')).toEqual(['a=fork', 'b=2', 'c=3']);
    expect(await list(MemoryStore.from(snapshot), '')).toEqual(['a=1', 'b=2']);
    await trained.close();
    expect(trained.snapshot().entries.size).toBe(1);
  });

  it('declares that it does not survive the process', () => {
    expect(memory).toMatchObject({ kind: 'store', id: 'memory', capabilities: { durable: false } });
    expect(memory.config.safeParse({ path: '/tmp' }).success).toBe(false);
  });
});
