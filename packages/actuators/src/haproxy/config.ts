import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { marksOption, targetOptions } from '../target/index.ts';

/** As HAProxy takes names: nothing that could end a command. */
const name = z.string().regex(/^[\w.:-]+$/, 'holds letters, digits, and _ . : - only');

const add = z
  .strictObject({
    addresses: z
      .array(z.string().regex(/^[\w.:@[\]-]+$/, 'is an address with a port: 10.0.0.11:8080'))
      .min(1)
      .describe('Addresses of servers that are not in the configuration of HAProxy, in the order in which they are added.'),
    prefix: name.default('auspex').describe('Begin of their names; the number of the address follows: auspex1, auspex2. Default auspex.'),
    keywords: z
      .string()
      .regex(/^[^;\n\\]*$/, 'is one line without ; and \\')
      .default('')
      .describe(
        'Further words of `add server`: "maxconn 50 check inter 2s". Health checks are turned on where it says check. Default none.',
      ),
  })
  .describe('Servers that Auspex adds when those of the configuration are all in service, and deletes again. Default none.');

const pool = z.strictObject({
  backend: name.describe('Backend whose servers are the units.'),
  servers: z
    .array(name)
    .min(1)
    .optional()
    .describe('Servers that are Auspex’s to use, first to last; it touches no others. Default: all of the backend, in its order.'),
  add: add.optional(),
  weight: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Weight that a server is given when it comes into service, 1 to 256. Default: the one it has.'),
});

export type HaproxyPool = z.output<typeof pool>;

/** Options of the `haproxy` actuator. */
export const haproxyConfig = z.strictObject({
  socket: z
    .string()
    .regex(/^(\/.{1,106}|[\w.-]+:\d+)$/, 'is an absolute path of at most 107 characters, or host:port')
    .describe('Stats socket with `level admin`: the path of the unix socket, or host:port.'),
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine(apart, 'two pools share servers: name the servers of each')
    .describe('What each pool is, by its name: {"web": {"backend": "web"}}.'),
  drain: duration()
    .prefault('5m')
    .describe('How long the sessions of a server that goes out of service may take before it is put into maintenance. Default 5m.'),
  ...targetOptions,
  ...marksOption,
});

export type HaproxyOptions = z.output<typeof haproxyConfig>;

/** No server is in two pools. */
function apart(pools: Readonly<Record<string, HaproxyPool>>): boolean {
  const taken = new Set<string>();
  const backends = Object.values(pools).map(({ backend }) => backend);
  for (const { backend, servers, add } of Object.values(pools)) {
    const alone = backends.filter((other) => other === backend).length === 1;
    if (!servers && !alone) return false;
    for (const server of [...(servers ?? []), ...(add ? [`${add.prefix}*`] : [])]) {
      if (taken.has(`${backend}/${server}`)) return false;
      taken.add(`${backend}/${server}`);
    }
  }
  return true;
}
