// The process of an isolated plugin: `node host.js MODULE EXPORT` imports the plugin's module and serves what it exports.
import { AuspexError, isPlugin } from '@auspex/contracts';
import { serve } from './serve/index.ts';

const [module = '', exported = ''] = process.argv.slice(2);
const plugin = ((await import(module)) as Record<string, unknown>)[exported];
if (!isPlugin(plugin)) throw new AuspexError('PLUGIN_INVALID', `${module} exports no plugin as ${exported}`);
await serve(plugin);
