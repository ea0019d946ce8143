import { duration } from '@auspex/contracts';
import { z } from 'zod';

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** How long a sink waits for an answer, and whom it trusts. */
export const httpFields = {
  timeLimit: duration()
    .refine((ms) => ms >= 100 && ms <= 60_000, 'must be from 100ms to 1m')
    .prefault('5s')
    .describe('Longest that one request may take, answer included. Below the engine’s timeLimit, so that the reason is told. Default 5s.'),
  ca: z
    .string()
    .min(1)
    .optional()
    .describe('Path of a PEM file with the authorities to trust instead of the system’s. Default: the system’s.'),
};

const fields = z.object(httpFields);
export type HttpOptions = z.output<typeof fields>;

/** The name of an environment variable that holds a secret. */
export const variable = z.string().min(1);

/** An address of the web. Whatever is asked of it further is not asked of what is none. */
export const webAddress = z.url({
  protocol: /^https?$/,
  error: ({ code }) => (code === 'invalid_format' ? 'is no address: begin with http:// or https:// and a host' : undefined),
  abort: true,
});

export const address = webAddress.refine(
  (url) => !hasCredentials(new URL(url)),
  'holds a user or password: name environment variables instead',
);

export const hasCredentials = ({ username, password }: URL): boolean => username !== '' || password !== '';

/** What is sent there can be read on the way: http:// to another machine. */
export const isOpen = ({ protocol, hostname }: URL): boolean => protocol === 'http:' && !LOOPBACK.test(hostname);

export const insecure = (what: string): z.ZodDefault<z.ZodBoolean> =>
  z.boolean().default(false).describe(`Let ${what} begin with http:// where it is not of this machine. Default false.`);

/** An address as it may be told: its path and query may hold a secret. */
export const shown = ({ protocol, host }: URL): string => `${protocol}//${host}/…`;

/** As long as a part of an address is a secret by itself: those of Slack have 24 characters, those of Mattermost 26. */
const LONG = 16;

/** What is not shown of it. */
export function hiddenOf({ href, pathname, search, searchParams }: URL): readonly string[] {
  const rest = `${pathname}${search}`;
  const parts = [...pathname.split('/'), ...searchParams.values()].filter(({ length }) => length >= LONG);
  return rest === '/' ? [] : [href, rest, ...parts];
}
