import { hostname } from 'node:os';

/** Who holds a lease: host and process. */
export function thisProcess(): string {
  return `${hostname()}:${process.pid}`;
}

/** Is the owner a process of this host that no longer runs? Then its lease need not be waited for. */
export function isDead(owner: string): boolean {
  const [host, pid] = [owner.slice(0, owner.lastIndexOf(':')), Number(owner.slice(owner.lastIndexOf(':') + 1))];
  if (host !== hostname() || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
