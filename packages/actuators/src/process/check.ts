import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Launch } from './client.ts';

/** Most of the output that is looked through for the line, bytes from the start of the worker on. */
const LOOK = 1_048_576;

/** The worker passes the check of its pool. Never throws: what does not answer is not ready. */
export async function passes({ pool, slot, options }: Launch, offset: number, signal: AbortSignal): Promise<boolean> {
  const { ready, portBase, log } = options;
  if (!ready) return true;
  const port = (portBase ?? 0) + slot;
  if (ready.line !== undefined) return holds(logFile(log ?? '.', pool, slot), offset, ready.line);
  return ready.http === undefined ? accepts(port, signal) : answers(`http://127.0.0.1:${port}${ready.http}`, signal);
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal, headers: { connection: 'close' } });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

function accepts(port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (accepted: boolean): void => {
      socket.destroy();
      signal.removeEventListener('abort', late);
      resolve(accepted);
    };
    const late = (): void => end(false);
    const socket = connect(port, '127.0.0.1', () => end(true));
    socket.once('error', late);
    signal.addEventListener('abort', late);
  });
}

async function holds(file: string, offset: number, text: string): Promise<boolean> {
  try {
    await using handle = await open(file);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(LOOK), 0, LOOK, offset);
    return buffer.subarray(0, bytesRead).includes(text);
  } catch {
    return false;
  }
}

/** Where the output of a worker goes. */
export function logFile(directory: string, pool: string, slot: number): string {
  return join(directory, `${encodeURIComponent(pool)}-${slot}.log`);
}
