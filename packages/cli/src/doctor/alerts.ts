import { formatDuration } from '@auspex/contracts';
import { configWarnings, type ResolvedConfig, type ResolvedPlugin, silentLogger } from '@auspex/core';
import { withSink } from '../sink.ts';
import type { Checkup, Found } from './checkup.ts';

type Used = ResolvedPlugin<'alertSink'>;

/** What the config says to no effect, such as rules that can never fire. */
export async function checkWarnings(checkup: Checkup, config: ResolvedConfig): Promise<void> {
  for (const { path, text, remedy } of configWarnings(config)) await checkup.run(path, 'CONFIG_INVALID', () => ({ seen: text, remedy }));
}

/**
 * Makes each alert sink as a run would, and closes it; nothing is sent.
 *
 * @param missing the package that a sink lacks, if any
 */
export async function checkSinks(
  checkup: Checkup,
  { sinks, settings: { alerts } }: ResolvedConfig,
  missing: (used: Used) => string | undefined,
): Promise<void> {
  if (sinks.length === 0) await checkup.run('alerts.sinks', 'PLUGIN_FAILED', () => ({ seen: 'no alert sink: nobody is told of anything' }));
  for (const used of sinks) {
    const lacking = missing(used);
    if (lacking === undefined)
      await checkup.run(used.path, 'PLUGIN_FAILED', (signal) =>
        withSink(used, { clock: checkup.clock, logger: silentLogger, signal }, () => made(used, alerts.repeat)),
      );
    else checkup.skip(used.path, `the package ${lacking} is missing`);
  }
}

function made({ plugin, options }: Used, repeat: number): Found {
  const seen = 'can be made; auspex alerts --test sends an alert';
  const { holdsFor } = (options ?? {}) as { readonly holdsFor?: number };
  if (plugin.id !== 'alertmanager' || holdsFor === undefined || holdsFor > repeat) return { seen };
  return {
    seen: `${seen}; what lasts ends there after ${formatDuration(holdsFor)}, and is told again every ${formatDuration(repeat)} only`,
    remedy: 'Make holdsFor longer than alerts.repeat, two or three times as long.',
  };
}
