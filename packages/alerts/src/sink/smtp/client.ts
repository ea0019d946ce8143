import { loadPeer } from '@auspex/contracts';
import type { SmtpOptions } from './config.ts';

/** What is asked of nodemailer for one mail: https://nodemailer.com/message/ */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references: string;
  readonly date: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly priority: 'high' | 'normal';
  readonly textEncoding: 'quoted-printable';
}

/** The part of a transport of nodemailer that is used. It connects for each mail anew and holds nothing between. */
export interface MailClient {
  /** Rejects where the server takes the mail for no recipient; those that it refuses of several are in `rejected`. */
  sendMail(mail: Mail & { readonly signal: AbortSignal }): Promise<{ readonly rejected?: readonly unknown[] }>;
}

const PORTS = { starttls: 587, tls: 465, none: 25 } as const;

export const portOf = ({ port, security }: Pick<SmtpOptions, 'port' | 'security'>): number => port ?? PORTS[security];

/**
 * @param password of the options' user
 * @throws AuspexError PLUGIN_NOT_FOUND when nodemailer is not installed
 */
export async function openClient(options: SmtpOptions, password: string | undefined, ca: Buffer | undefined): Promise<MailClient> {
  const { host, security, user, timeLimit } = options;
  const { createTransport } = await loadPeer('alertSink(smtp)', 'nodemailer', () => import('nodemailer'));
  const settings = {
    host,
    port: portOf(options),
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user !== undefined && { auth: { user, pass: password } }),
    ...(ca && { tls: { ca } }),
    // The signal ends a send in time, and says so; were it not heard, nodemailer's own limits of minutes would hold up a stop.
    connectionTimeout: 2 * timeLimit,
    greetingTimeout: 2 * timeLimit,
    socketTimeout: 2 * timeLimit,
    // It says nothing more once the server has the mail, or the signal has ended it: no server that stays open holds up a stop.
    socketCloseTimeout: 0,
    // Nothing of an alert is a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  return createTransport(settings) as unknown as MailClient;
}
