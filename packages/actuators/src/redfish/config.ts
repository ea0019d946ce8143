import { duration } from '@auspex/contracts';
import { z } from 'zod';
import { marksOption, targetOptions } from '../target/index.ts';

/** Addresses stand in messages and in the journal. */
const address = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/^https?:\/\/[^/?#]*@/i.test(text), 'holds a user or password: give userEnv and passwordEnv');

const host = z.strictObject({
  system: address.describe('Address of its ComputerSystem: https://bmc1/redfish/v1/Systems/1.'),
  health: address.optional().describe('Address that answers 200 when the host serves. Default: a host that is on is ready.'),
});

const pool = z.strictObject({
  hosts: z.array(host).min(1).describe('Its hosts, in the order in which they are turned on.'),
  floor: z.int().min(0).default(1).describe('Hosts that stay on, whatever is ordered. Default 1.'),
});

export type RedfishHost = z.output<typeof host>;
export type RedfishPool = z.output<typeof pool>;

/** Options of the `redfish` actuator. */
export const redfishConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine(apart, 'a host stands twice')
    .describe('What each pool is, by its name: {"metal": {"hosts": [{"system": "https://bmc1/redfish/v1/Systems/1"}]}}.'),
  userEnv: z.string().min(1).optional().describe('Name of the environment variable that holds the user of the BMCs. Default: no user.'),
  passwordEnv: z.string().min(1).optional().describe('Name of the environment variable that holds the password. Default: no password.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a PEM file with the authorities to trust instead of the system’s. Default: the system’s.'),
  boot: duration()
    .prefault('15m')
    .describe('How long a host may take from the order to be on, and healthy where health is given; then another is used. Default 15m.'),
  shutdownGrace: duration()
    .prefault('5m')
    .describe('How long a host may take to shut down; ForceOff comes with the first order after that. Default 5m.'),
  cyclesPerDay: z
    .int()
    .min(1)
    .default(4)
    .describe('Most times that a host is turned on in 24 hours; one that has had them stays on. Default 4.'),
  ...targetOptions,
  ...marksOption,
});

export type RedfishOptions = z.output<typeof redfishConfig>;

function apart(pools: Readonly<Record<string, RedfishPool>>): boolean {
  const systems = Object.values(pools).flatMap(({ hosts }) => hosts.map(({ system }) => system));
  return new Set(systems).size === systems.length;
}
