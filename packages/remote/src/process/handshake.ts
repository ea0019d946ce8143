import { AuspexError } from '@auspex/contracts';

/** Version of the handshake: what the process is told in AUSPEX_PLUGIN_PROTOCOL, and what it has to print. */
export const PROTOCOL = '1';

/** Environment of a plugin's process: the handshake's version, and a secret that each call carries as metadata. */
export const PROTOCOL_ENV = 'AUSPEX_PLUGIN_PROTOCOL';
export const TOKEN_ENV = 'AUSPEX_PLUGIN_TOKEN';
export const TOKEN_KEY = 'auspex-token';

const LINE = /^auspex-plugin (\S+) (\S+)$/;
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]):\d{1,5}$/;

/** The line that a plugin prints once it listens. */
export function handshakeLine(port: number): string {
  return `auspex-plugin ${PROTOCOL} 127.0.0.1:${port}\n`;
}

/**
 * Reads a line of a starting process.
 *
 * @returns the address; undefined when the line is something else
 * @throws AuspexError `PLUGIN_VERSION` for another protocol, `PLUGIN_INVALID` for an address beyond this machine
 */
export function readHandshake(line: string, who: string): string | undefined {
  const [, version, address] = LINE.exec(line) ?? [];
  if (version === undefined || address === undefined) return undefined;
  if (version !== PROTOCOL) {
    throw new AuspexError('PLUGIN_VERSION', `speaks version ${version} of the plugin protocol, not ${PROTOCOL}`, { path: who });
  }
  if (!LOOPBACK.test(address)) {
    throw new AuspexError('PLUGIN_INVALID', `listens on ${address}, which others can reach`, {
      path: who,
      remedy: 'Listen on 127.0.0.1 only, and print that address.',
    });
  }
  return address;
}
