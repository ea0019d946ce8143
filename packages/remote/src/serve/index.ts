import { AuspexError, type Plugin } from '@auspex/contracts';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { Plugin as PluginService } from '../gen/auspex/v1/auspex_pb.ts';
import { handshakeLine, PROTOCOL, PROTOCOL_ENV } from '../process/handshake.ts';
import { CHANNEL_OPTIONS, serviceDefinition } from '../wire/methods.ts';
import { servePlugin } from './kinds.ts';
import { watchEngine } from './orphan.ts';

/** How a plugin is served. */
export interface ServeOptions {
  /** Port on 127.0.0.1. Default 0: any that is free, as the engine wants it. A port of one's own is for `address`. */
  readonly port?: number;
}

/**
 * Serves a plugin from this process, and prints where: `auspex-plugin 1 127.0.0.1:PORT`. It ends with the engine that started
 * it, or upon SIGTERM.
 *
 * @example await serve(definePredictor({ id: 'mine', … }));
 * @throws AuspexError `SUPPORT` for a kind that is not carried, `PLUGIN_VERSION` where the engine speaks another protocol
 */
export async function serve(plugin: Plugin, options: ServeOptions = {}): Promise<void> {
  const asked = process.env[PROTOCOL_ENV];
  if (asked !== undefined && asked !== PROTOCOL) {
    throw new AuspexError('PLUGIN_VERSION', `the engine speaks version ${asked} of the plugin protocol, this plugin ${PROTOCOL}`);
  }
  const { instances, service, handlers } = servePlugin(plugin);
  const server = new Server(CHANNEL_OPTIONS);
  server.addService(serviceDefinition(PluginService), instances.handlers());
  server.addService(serviceDefinition(service), handlers);
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void instances.closeAll().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // Without an engine above it a process is somebody's service: its stdin says nothing.
  if (asked !== undefined) watchEngine(end);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(handshakeLine(port));
}
