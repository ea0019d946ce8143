import {
  defineActuator,
  defineAlertSink,
  defineCalendar,
  definePredictor,
  defineSource,
  type Plugin,
  type PluginKind,
  type PluginKinds,
} from '@auspex/contracts';
import type { z } from 'zod';
import { remoteActuatorInstance, remoteAlertSinkInstance, remoteCalendarInstance, remoteSourceInstance } from './client/kinds.ts';
import { RemotePredictor } from './client/predictor.ts';
import type { SessionOptions } from './client/session.ts';
import { type RemoteOptions, remoteConfig, remotePredictorConfig } from './config.ts';
import type { CarriedKind } from './wire/kinds.ts';

function session(kind: CarriedKind, options: RemoteOptions, capabilities: object): SessionOptions {
  const { command, cwd, env, address, certificate, startLimit, memory, deadline, restart } = options;
  const target =
    command === undefined
      ? { address: address as string, ...(certificate === undefined ? {} : { certificate }) }
      : { process: { command, startLimit, memory, ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) } };
  return {
    kind,
    id: 'remote',
    target,
    options: JSON.stringify(options.with),
    validated: false,
    capabilities,
    deadline,
    startLimit,
    restart,
  };
}

/** A predictor in a process of its own. Declared without training: see `declare`. */
export const remotePredictor = definePredictor({
  id: 'remote',
  summary: 'A predictor in a process of its own, in any language, over gRPC.',
  config: remotePredictorConfig,
  capabilities: { batch: true, trains: false },
  create(this: Plugin<'predictor'> | undefined, options, context) {
    const { batch, trainLimit } = options;
    return new RemotePredictor({ ...session('predictor', options, this?.capabilities ?? {}), batch, trainLimit }, context);
  },
});

/** An actuator in a process of its own. Declared with `lease: 'none'`: see `declare`. */
export const remoteActuator = defineActuator({
  id: 'remote',
  summary: 'An actuator in a process of its own, in any language, over gRPC.',
  config: remoteConfig,
  capabilities: { lease: 'none' },
  create(this: Plugin<'actuator'> | undefined, options, context) {
    return remoteActuatorInstance(session('actuator', options, this?.capabilities ?? {}), context);
  },
});

/** A calendar in a process of its own. */
export const remoteCalendar = defineCalendar({
  id: 'remote',
  summary: 'A calendar in a process of its own, in any language, over gRPC.',
  config: remoteConfig,
  create: (options, context) => remoteCalendarInstance(session('calendar', options, {}), context),
});

/** An alert sink in a process of its own. */
export const remoteAlertSink = defineAlertSink({
  id: 'remote',
  summary: 'An alert sink in a process of its own, in any language, over gRPC.',
  config: remoteConfig,
  create: (options, context) => remoteAlertSinkInstance(session('alertSink', options, {}), context),
});

/** A source in a process of its own. Declared as not replayable, with silence as a gap: see `declare`. */
export const remoteSource = defineSource({
  id: 'remote',
  summary: 'A source in a process of its own, in any language, over gRPC.',
  config: remoteConfig,
  capabilities: { replayable: false, silence: 'gap' },
  create(this: Plugin<'source'> | undefined, options, context) {
    return remoteSourceInstance(session('source', options, this?.capabilities ?? {}), context);
  },
});

/**
 * The same plugin with other capabilities. The engine reads them before any process runs, so they are declared here and not
 * asked there; a process that says something else is logged.
 *
 * @example declare(remotePredictor, { trains: true })
 */
export function declare<K extends PluginKind, C extends z.ZodType>(
  plugin: Plugin<K, C>,
  capabilities: Partial<PluginKinds[K]['capabilities']>,
): Plugin<K, C> {
  return Object.freeze({ ...plugin, capabilities: Object.freeze({ ...plugin.capabilities, ...capabilities }) });
}
