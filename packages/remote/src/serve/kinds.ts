import { AuspexError, type Plugin, type PluginKind } from '@auspex/contracts';
import type { DescService } from '@bufbuild/protobuf';
import { Actuator, AlertSink, Calendar, Predictor, Source } from '../gen/auspex/v1/auspex_pb.ts';
import { fromOrder, toReceipt } from '../wire/actuator.ts';
import { fromAlert } from '../wire/alert.ts';
import { toCalendarEvent } from '../wire/calendar.ts';
import { refuseKind } from '../wire/kinds.ts';
import { toSourceBatch } from '../wire/source.ts';
import { download, type Handlers, unary } from './handlers.ts';
import { Instances } from './instances.ts';
import { predictorHandlers } from './predictor.ts';

/** The service of a plugin's kind, and what answers it. */
export interface Served {
  readonly instances: Instances;
  readonly service: DescService;
  readonly handlers: Handlers;
}

/** @throws AuspexError `SUPPORT` for a kind that is not carried */
export function servePlugin(plugin: Plugin): Served {
  const served = SERVED[plugin.kind];
  if (served === undefined) throw refuseKind(plugin.kind, `${plugin.kind}(${plugin.id})`);
  return served(plugin);
}

function narrow<K extends PluginKind>(plugin: Plugin): { instances: Instances<K>; all: Instances } {
  const instances = new Instances(plugin);
  // The table below has an entry a kind, so the kind is known.
  return { instances: instances as unknown as Instances<K>, all: instances };
}

const SERVED: Partial<Record<PluginKind, (plugin: Plugin) => Served>> = {
  predictor(plugin) {
    const { instances, all } = narrow<'predictor'>(plugin);
    const { batch } = plugin.capabilities as { batch: boolean };
    return { instances: all, service: Predictor, handlers: predictorHandlers(instances, batch) };
  },
  actuator(plugin) {
    const { instances, all } = narrow<'actuator'>(plugin);
    const { method } = Actuator;
    const handlers = {
      actuate: unary(method.actuate, async ({ instance, order }, signal) => {
        if (order === undefined) throw new AuspexError('PLUGIN_INVALID', 'a call without an order');
        return toReceipt(await instances.get(instance).actuate(fromOrder(order), signal));
      }),
      read: unary(method.read, async ({ instance, pool }, signal) => await instances.get(instance).read(pool, signal)),
    };
    return { instances: all, service: Actuator, handlers };
  },
  calendar(plugin) {
    const { instances, all } = narrow<'calendar'>(plugin);
    const handlers = {
      between: unary(Calendar.method.between, async ({ instance, from, to }) => {
        const events = await instances.get(instance).between(Number(from), Number(to));
        return { events: events.map(toCalendarEvent) };
      }),
    };
    return { instances: all, service: Calendar, handlers };
  },
  alertSink(plugin) {
    const { instances, all } = narrow<'alertSink'>(plugin);
    const handlers = {
      send: unary(AlertSink.method.send, async ({ instance, alerts }, signal) => {
        await instances.get(instance).send(alerts.map(fromAlert), signal);
        return {};
      }),
    };
    return { instances: all, service: AlertSink, handlers };
  },
  source(plugin) {
    const { instances, all } = narrow<'source'>(plugin);
    const { method } = Source;
    const handlers = {
      open: download(method.open, async function* ({ instance, from }, signal) {
        for await (const batch of instances.get(instance).open(from, signal)) yield toSourceBatch(batch);
      }),
      commit: unary(method.commit, async ({ instance, positions }) => {
        await instances.get(instance).commit?.(positions);
        return {};
      }),
    };
    return { instances: all, service: Source, handlers };
  },
};
