import { z } from 'zod';
import { marksOption, targetOptions } from '../target/index.ts';

const pool = z.strictObject({
  unit: z
    .string()
    .regex(/^[\w:.\\-]+@\.service$/, 'is a template: worker@.service')
    .describe('Template of the services: worker@.service. Its instances have numbers: worker@1.service.'),
  first: z
    .int()
    .min(0)
    .default(1)
    .describe('Number of the first instance; instances with lower numbers or other names are left alone. Default 1.'),
});

export type SystemdPool = z.output<typeof pool>;

/** Options of the `systemd` actuator. */
export const systemdConfig = z.strictObject({
  pools: z
    .record(z.string().min(1), pool)
    .refine((pools) => Object.keys(pools).length > 0, 'names no pool')
    .refine((pools) => new Set(Object.values(pools).map(({ unit }) => unit)).size === Object.keys(pools).length, 'two pools share a unit')
    .describe('What each pool is, by its name: {"web": {"unit": "worker@.service"}}.'),
  bus: z.enum(['system', 'user']).default('system').describe('Whose manager: that of the machine, or that of this user. Default system.'),
  address: z
    .string()
    .min(1)
    .optional()
    .describe('D-Bus address in the place of `bus`: unix:path=/run/dbus/system_bus_socket. Default: that of `bus`.'),
  ...targetOptions,
  ...marksOption,
});

export type SystemdOptions = z.output<typeof systemdConfig>;
