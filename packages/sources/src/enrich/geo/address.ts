import { BlockList, isIPv6 } from 'node:net';

const DOT = 46;

/** An IPv4 address as a number, 0 .. 2^32 - 1; -1 when the text is none. */
export function ipv4(text: string): number {
  const { length } = text;
  if (length < 7 || length > 15) return -1;
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else {
      const digit = code - 48;
      // A leading zero would be octal to some.
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return -1;
      part = part * 10 + digit;
      if (++digits > 3 || part > 255) return -1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : -1;
}

/** Beginnings and ends of the IPv4 blocks that lie in no country (RFC 6890 and multicast), in order. */
const SPECIAL4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
].map(([first, bits]) => [ipv4(first as string), ipv4(first as string) + 2 ** (32 - (bits as number))] as const);

const SPECIAL6 = new BlockList();
for (const [first, bits] of [
  ['::', 127],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  SPECIAL6.addSubnet(first, bits, 'ipv6');
}

/** Is it private, local, reserved, for documentation, or multicast? */
export function isSpecial4(value: number): boolean {
  return SPECIAL4.some(([from, to]) => value >= from && value < to);
}

/** The same for an IPv6 address. */
export function isSpecial6(text: string): boolean {
  return SPECIAL6.check(text, 'ipv6');
}

/**
 * An IPv6 address without its scope; of one that stands for an IPv4 address (::ffff:0:0/96, 64:ff9b::/96) that one as a number.
 * undefined when the text is no IPv6 address.
 */
export function ipv6(text: string): string | number | undefined {
  if (text.length > 64 || !text.includes(':')) return undefined;
  const scope = text.indexOf('%');
  const bare = scope < 0 ? text : text.slice(0, scope);
  if (!isIPv6(bare)) return undefined;
  const lower = bare.toLowerCase();
  for (const prefix of ['::ffff:', '64:ff9b::']) {
    if (!lower.startsWith(prefix)) continue;
    const rest = lower.slice(prefix.length);
    const dotted = ipv4(rest);
    if (dotted >= 0) return dotted;
    const words = rest.split(':');
    if (words.length <= 2 && !rest.includes('.')) return words.reduce((sum, word) => sum * 65_536 + Number.parseInt(word || '0', 16), 0);
  }
  return bare;
}

/** An IPv4 number as text. */
export function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
