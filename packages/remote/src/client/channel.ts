import { readFileSync } from 'node:fs';
import { AuspexError, type PluginContext } from '@auspex/contracts';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { type Child, type ProcessOptions, startChild } from '../process/child.ts';
import { TOKEN_KEY } from '../process/handshake.ts';
import { CHANNEL_OPTIONS } from '../wire/methods.ts';

/** Where a plugin runs: in a process that we start, or at the address of one that somebody else did. */
export type Target =
  | { readonly process: ProcessOptions }
  | {
      /** `host:port`. */
      readonly address: string;
      /** File of the root certificate (PEM) that the process's own is signed with. Absent = no TLS. */
      readonly certificate?: string;
    };

/** An open way to a plugin. `child` is its process, where it is ours. */
export interface Channel {
  readonly client: Client;
  readonly metadata: Metadata;
  readonly child: Child | undefined;
}

/** @throws AuspexError as `startChild`, and `CONFIG_INVALID` for a certificate that cannot be read */
export async function openChannel(target: Target, who: string, context: PluginContext, signal: AbortSignal): Promise<Channel> {
  const metadata = new Metadata();
  if ('process' in target) {
    const child = await startChild(target.process, who, context, signal);
    metadata.set(TOKEN_KEY, child.token);
    return { client: new Client(child.address, credentials.createInsecure(), CHANNEL_OPTIONS), metadata, child };
  }
  const security = target.certificate === undefined ? credentials.createInsecure() : secure(target.certificate, who);
  return { client: new Client(target.address, security, CHANNEL_OPTIONS), metadata, child: undefined };
}

function secure(file: string, who: string): ReturnType<typeof credentials.createSsl> {
  try {
    return credentials.createSsl(readFileSync(file));
  } catch (error) {
    throw new AuspexError('CONFIG_INVALID', `certificate: ${(error as Error).message}`, { path: who, cause: error });
  }
}
