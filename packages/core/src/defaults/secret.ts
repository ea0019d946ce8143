import { randomBytes } from 'node:crypto';

/** A secret that nobody chose: 128 random bits as hexadecimal text. */
export function newSecret(): string {
  return randomBytes(16).toString('hex');
}
