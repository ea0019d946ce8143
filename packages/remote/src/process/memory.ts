import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Bytes in a megabyte, as limits and messages count them. */
export const MEGABYTE = 2 ** 20;

/** Resident memory of a process, bytes; undefined when it is gone or cannot be read. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kilobytes =
      process.platform === 'linux'
        ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
        : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'latin1' }).trim();
    return kilobytes === undefined || kilobytes === '' ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
