import { defineDetector, type Plugin, type PluginContext, type PluginUse, use } from '@auspex/contracts';
import { composition } from '../composition/plugin.ts';
import { residual } from '../residual/plugin.ts';
import { shape } from '../shape/plugin.ts';
import { combinedConfig } from './config.ts';
import { Combined, type Part } from './detector.ts';

const DEFAULTS: readonly PluginUse<'detector'>[] = [use(shape), use(residual), use(composition)];

/** Several detectors as one: the default. */
export const combined = defineDetector({
  id: 'combined',
  summary: 'One score out of several detectors: by default of shape, residual and composition.',
  config: combinedConfig,
  create: ({ parts = DEFAULTS }, context) => new Combined(partsOf(parts, context)),
});

function partsOf(uses: readonly PluginUse<'detector'>[], context: PluginContext): Part[] {
  const seen = new Map<string, number>();
  return uses.map(({ use: given, with: options }) => {
    // Options were checked with those of the whole.
    const plugin = given as Plugin<'detector'>;
    const count = (seen.get(plugin.id) ?? 0) + 1;
    seen.set(plugin.id, count);
    const id = count === 1 ? plugin.id : `${plugin.id}-${count}`;
    return { id, detector: plugin.create(plugin.config.parse(options ?? {}) as never, context) };
  });
}
