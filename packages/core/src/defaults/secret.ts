import { createHmac, randomBytes } from 'node:crypto';

/** Hashes remembered: a client comes back many times, and an HMAC costs a microsecond. */
const REMEMBERED = 65_536;

/** A secret that nobody chose: 128 random bits as hexadecimal text. */
export function newSecret(): string {
  return randomBytes(16).toString('hex');
}

/**
 * 32-bit keyed hashes of users (HMAC-SHA-256, RFC 2104, cut): good for counting, and of no use to whoever has the counts
 * without the secret.
 */
export class UserHash {
  readonly #secret: string;
  readonly #known = new Map<string, number>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  of(user: string): number {
    let hash = this.#known.get(user);
    if (hash === undefined) {
      hash = createHmac('sha256', this.#secret).update(user).digest().readUInt32LE(0);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(user, hash);
    }
    return hash;
  }
}
