import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Who holds a lease: host, process, and a number that tells apart containers in which both are the same. */
export function thisProcess(): string {
  return `${hostname()}:${process.pid}:${NONCE}`;
}

const NONCE = randomBytes(4).toString('hex');

/** Is the owner a process of this host that no longer runs? Then its lease need not be waited for. */
export function isDead(owner: string): boolean {
  const [host, pid] = owner.split(':');
  if (host !== hostname() || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
