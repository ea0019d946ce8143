import { isPlugin, type PluginUse } from '@auspex/contracts';
import { z } from 'zod';

const part = z.custom<PluginUse<'detector'>>((value) => typeof value === 'object' && value !== null && 'use' in value, {
  error: 'expected use(detector, options)',
});

/** What is wrong with a part; undefined = nothing. */
function problemOf({
  use: plugin,
  with: given,
}: PluginUse<'detector'>): { readonly message: string; readonly path: PropertyKey[] } | undefined {
  if (typeof plugin === 'string')
    return {
      message: `"${plugin}" is a name, and a part is given by value: import the detector and write use(detector, options)`,
      path: [],
    };
  if (!isPlugin(plugin) || plugin.kind !== 'detector') return { message: 'expected a detector, as defineDetector returns it', path: [] };
  const [issue] = plugin.config.safeParse(given ?? {}).error?.issues ?? [];
  return issue && { message: `${plugin.id}: ${issue.message}`, path: ['with', ...issue.path] };
}

/** Options of the detector `combined`. */
export const combinedConfig = z
  .strictObject({
    parts: z
      .array(part)
      .min(1)
      .optional()
      .describe('Detectors whose scores become one, by value: use(shape). Default: shape, residual and composition.'),
  })
  .superRefine(({ parts = [] }, context) => {
    for (const [index, each] of parts.entries()) {
      const problem = problemOf(each);
      if (problem) context.addIssue({ code: 'custom', message: problem.message, path: ['parts', index, ...problem.path] });
    }
  })
  .describe('One tail probability out of those of several detectors.');

export type CombinedOptions = z.output<typeof combinedConfig>;
