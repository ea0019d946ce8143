import type { AlertSink, Clock, Logger } from '@auspex/contracts';
import { type ResolvedPlugin, standaloneContext } from '@auspex/core';
import { atMost } from './doctor/checkup.ts';

/** Longest that a sink may take to be closed. Milliseconds. */
const CLOSING_MS = 2_000;

interface Host {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Makes a sink of the config without an engine, lets `work` use it, and closes it. @throws what `create` or `work` throws */
export async function withSink<T>(used: ResolvedPlugin<'alertSink'>, host: Host, work: (sink: AlertSink) => Promise<T> | T): Promise<T> {
  const sink = used.plugin.create(used.options as never, standaloneContext(host)) as AlertSink;
  try {
    return await work(sink);
  } finally {
    await atMost(host.clock, CLOSING_MS, sink.close?.());
  }
}
