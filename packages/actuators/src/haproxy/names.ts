import { Refused } from '../target/index.ts';
import type { Backend } from './client.ts';
import type { HaproxyPool } from './config.ts';

/** Servers of a pool, in the order in which they come into service. @throws Refused where the backend lacks one */
export function namesOf({ backend, servers, add }: HaproxyPool, found: Backend): { name: string; address?: string }[] {
  const there = new Set(found.servers.map(({ name }) => name));
  const added = (add?.addresses ?? []).map((address, index) => ({ name: `${add?.prefix}${index + 1}`, address }));
  const missing = (servers ?? []).filter((name) => !there.has(name));
  if (missing.length > 0) throw new Refused(`backend ${backend} has no server ${missing.join(', ')}: correct servers in the options`);
  const names = servers ?? [...there].filter((name) => !added.some((each) => each.name === name));
  return [...names.map((name) => ({ name })), ...added];
}
