import { AuspexError, deepFreeze, type Plugin, type PluginKind, type PluginKinds } from '@auspex/contracts';
import { status } from '@grpc/grpc-js';
import { Plugin as PluginService } from '../gen/auspex/v1/auspex_pb.ts';
import { childContext } from './context.ts';
import { type Handlers, Refusal, unary } from './handlers.ts';

interface Held<K extends PluginKind> {
  readonly instance: PluginKinds[K]['instance'];
  readonly abort: AbortController;
}

/** The instances of one plugin in this process, by handle. */
export class Instances<K extends PluginKind = PluginKind> {
  readonly #plugin: Plugin<K>;
  readonly #held = new Map<string, Held<K>>();
  #made = 0;

  constructor(plugin: Plugin<K>) {
    this.#plugin = plugin;
  }

  /** @throws Refusal `NOT_FOUND`, upon which the engine makes it again */
  get(handle: string): PluginKinds[K]['instance'] {
    const held = this.#held.get(handle);
    if (held === undefined) throw new Refusal(status.NOT_FOUND, new Error(`there is no instance "${handle}"`));
    return held.instance;
  }

  /** @throws AuspexError `CONFIG_INVALID` for options that the plugin does not accept */
  create(optionsJson: string, validated: boolean, seed: number): string {
    const given: unknown = JSON.parse(optionsJson || '{}');
    const options = validated ? given : this.#parse(given);
    const abort = new AbortController();
    const instance = this.#plugin.create(deepFreeze(options), childContext(seed, abort.signal));
    const handle = String(++this.#made);
    this.#held.set(handle, { instance, abort });
    return handle;
  }

  #parse(given: unknown): unknown {
    const parsed = this.#plugin.config.safeParse(given);
    if (parsed.success) return parsed.data;
    const issues = parsed.error.issues.map(({ path, message }) => `${['with', ...path].join('.')}: ${message}`);
    throw new AuspexError('CONFIG_INVALID', issues.join('; '));
  }

  async close(handle: string): Promise<void> {
    const held = this.#held.get(handle);
    if (held === undefined) return;
    this.#held.delete(handle);
    held.abort.abort(new AuspexError('LIFECYCLE', 'the engine stopped'));
    await (held.instance as { close?(): Promise<void> }).close?.();
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled([...this.#held.keys()].map((handle) => this.close(handle)));
  }

  /** The service that every plugin has. */
  handlers(): Handlers {
    const { kind, id, contract, summary, capabilities } = this.#plugin;
    return {
      describe: unary(PluginService.method.describe, () => ({
        kind,
        id,
        contract,
        summary,
        capabilitiesJson: JSON.stringify(capabilities),
      })),
      create: unary(PluginService.method.create, ({ optionsJson, validated, seed }) => ({
        instance: this.create(optionsJson, validated, Number(seed)),
      })),
      close: unary(PluginService.method.close, async ({ instance }) => {
        await this.close(instance);
        return {};
      }),
    };
  }
}
