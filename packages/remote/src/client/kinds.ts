import type { Actuator, AlertSink, Calendar, PluginContext, Source } from '@auspex/contracts';
import * as wire from '../gen/auspex/v1/auspex_pb.ts';
import { fromReceipt, fromTargetState, toOrder } from '../wire/actuator.ts';
import { toAlert } from '../wire/alert.ts';
import { fromCalendarEvent } from '../wire/calendar.ts';
import { toInt } from '../wire/numbers.ts';
import { fromSourceBatch } from '../wire/source.ts';
import { Session, type SessionOptions } from './session.ts';

/** An actuator that runs elsewhere. A call that a crash cut short may have had its effect: the order's key makes it safe to repeat. */
export function remoteActuatorInstance(options: SessionOptions, context: PluginContext): Actuator {
  const session = new Session(options, context);
  const { method } = wire.Actuator;
  return {
    async actuate(order, signal) {
      const receipt = await session.request(method.actuate, (instance) => ({ instance, order: toOrder(order) }), { signal });
      return fromReceipt(receipt, order, session.who);
    },
    async read(pool, signal) {
      return fromTargetState(await session.request(method.read, (instance) => ({ instance, pool }), { signal }), session.who);
    },
    close: () => session.close(),
  };
}

export function remoteCalendarInstance(options: SessionOptions, context: PluginContext): Calendar {
  const session = new Session(options, context);
  return {
    async between(from, to) {
      const { events } = await session.request(wire.Calendar.method.between, (instance) => ({
        instance,
        from: toInt(from),
        to: toInt(to),
      }));
      return events.map((event) => fromCalendarEvent(event, session.who));
    },
    close: () => session.close(),
  };
}

export function remoteAlertSinkInstance(options: SessionOptions, context: PluginContext): AlertSink {
  const session = new Session(options, context);
  return {
    async send(alerts, signal) {
      await session.request(wire.AlertSink.method.send, (instance) => ({ instance, alerts: alerts.map(toAlert) }), { signal });
    },
    close: () => session.close(),
  };
}

/** A source that runs elsewhere. When its process crashes `open` throws: the engine has kept what was checkpointed. */
export function remoteSourceInstance(options: SessionOptions, context: PluginContext): Source {
  const session = new Session(options, context);
  const { method } = wire.Source;
  return {
    async *open(from, signal) {
      const batches = session.stream(method.open, (instance) => ({ instance, from: { ...from } }), signal);
      for await (const batch of batches) yield fromSourceBatch(batch, session.who);
    },
    async commit(positions) {
      await session.request(method.commit, (instance) => ({ instance, positions: { ...positions } }));
    },
    close: () => session.close(),
  };
}
