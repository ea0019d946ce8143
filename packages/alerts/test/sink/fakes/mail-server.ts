import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll } from 'vitest';

export interface Received {
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  /** As it came over the wire. */
  readonly raw: string;
  /** By lower-case name, unfolded. */
  readonly headers: ReadonlyMap<string, string>;
  /** Decoded. */
  readonly text: string;
}

/** Bytes of quoted-printable (RFC 2045, 6.7) as text. */
function decoded(text: string): string {
  const bytes = text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

/** RFC 2047 words of a header as text. */
export function words(text: string): string {
  const joined = text.replace(/\?=\s+=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, how: string, word: string) =>
    how.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString() : decoded(word.replaceAll('_', ' ')),
  );
}

/** A real SMTP server on this machine (smtp-server), which keeps what it takes. */
export class MailServer {
  readonly mails: Received[] = [];
  /** Reads nothing more after DATA. */
  stuck = false;
  failing = false;
  readonly #server: SMTPServer;

  constructor(options: SMTPServerOptions = {}) {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      logger: false,
      onConnect: (_, callback) => callback(this.failing ? Object.assign(new Error('out of order'), { responseCode: 421 }) : null),
      onData: (stream, session, callback) => {
        const parts: Buffer[] = [];
        stream.on('data', (part: Buffer) => parts.push(part));
        stream.on('end', () => {
          if (this.stuck) return;
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.mails.push(parsed(Buffer.concat(parts).toString('latin1'), to, session.user, session.secure));
          callback();
        });
      },
      ...options,
    });
    // Of a client that goes away in the middle.
    this.#server.on('error', () => undefined);
  }

  get received(): string[] {
    return this.mails.flatMap(({ text }) => [...text.matchAll(/^ {2}fingerprint (.*?)\r?$/gm)].map((found) => found[1] as string));
  }

  get connections(): number {
    return this.#server.connections.size;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', () => resolve()));
    afterAll(() => this.close());
    return this;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function parsed(raw: string, to: readonly string[], user: string | undefined, secure: boolean): Received {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  return { to, user, secure, raw, headers, text: decoded(raw.slice(end + 4)) };
}
