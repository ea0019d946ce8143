import { Agent } from 'node:https';

const SAME = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const;

/**
 * Keeps connections open: the SDK makes an agent for each request, and so a TLS handshake, in which time others write to the object that was read.
 * Credentials that change, such as a certificate that is renewed, get connections of their own. Whatever is no plain agent (a proxy) stays as it is.
 */
export class Agents {
  #kept: Agent | undefined;

  /** The agent to use in place of `fresh`. */
  keep(fresh: unknown): unknown {
    if (!(fresh instanceof Agent) || fresh.constructor !== Agent) return fresh;
    const kept = this.#kept;
    if (kept && SAME.every((name) => equal(kept.options[name], fresh.options[name]))) return kept;
    // The old one is not ended: others may wait for an answer on it. Its idle connections end by themselves.
    this.#kept = new Agent({ ...fresh.options, keepAlive: true, maxFreeSockets: 4, timeout: 60_000 });
    return this.#kept;
  }

  close(): void {
    this.#kept?.destroy();
    this.#kept = undefined;
  }
}

/** Texts or bytes. */
function equal(one: unknown, other: unknown): boolean {
  return one === other || (Buffer.isBuffer(one) && Buffer.isBuffer(other) && one.equals(other));
}
