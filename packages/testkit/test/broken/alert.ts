import { type Alert, type AlertSink, defineAlertSink } from '@auspex/contracts';
import type { AlertSinkSubject } from '@auspex/testkit';
import { z } from 'zod';
import { type Broken, commonlyBroken } from '../proof.ts';

/** Where alerts go: a list, which may be gone. */
class Pager {
  readonly got: string[] = [];
  gone = false;

  take({ fingerprint }: Alert): void {
    if (this.gone) throw new Error('the pager is gone');
    this.got.push(fingerprint);
  }
}

type Change = (right: AlertSink, pager: Pager) => Partial<AlertSink>;

const subject = (change: Change) => (): AlertSinkSubject => {
  const pager = new Pager();
  const right: AlertSink = {
    send: async (alerts, signal) => {
      signal.throwIfAborted();
      for (const alert of alerts) pager.take(alert);
    },
  };
  return {
    plugin: defineAlertSink({
      id: 'tiny',
      summary: 'A test.',
      config: z.strictObject({}),
      create: (): AlertSink => ({ ...right, ...change(right, pager) }),
    }),
    received: () => pager.got,
    fail: (on) => {
      pager.gone = on;
    },
  };
};

export const rightAlertSink = subject(() => ({}));

const broken = (law: string, how: string, change: Change): Broken<AlertSinkSubject> => ({ law, how, make: subject(change) });

/** Sends what `change` makes of the alerts. */
const sending =
  (change: (alerts: readonly Alert[]) => readonly Alert[]): Change =>
  (right) => ({ send: async (alerts, signal) => right.send(change(alerts), signal) });

const LEFT = 'the alerts are left as they are';
const STOPS = 'it stops when it is told to';
const ODD = 'an alert arrives whatever it says';

export const brokenAlertSinks: readonly Broken<AlertSinkSubject>[] = [
  ...commonlyBroken(rightAlertSink),
  broken(
    'every alert arrives',
    'it has room for five of seven',
    sending((alerts) => (alerts.length === 7 ? alerts.slice(0, 5) : alerts)),
  ),
  broken(
    'the order of a send is kept',
    'it sends the last first',
    sending((alerts) => [...alerts].reverse()),
  ),
  broken('a repeat hides no other alert', 'it drops a send that begins with a repeat', (right) => {
    let last = '';
    return {
      send: async (alerts, signal) => {
        const repeats = alerts[0]?.fingerprint === last;
        last = alerts[0]?.fingerprint ?? '';
        if (!repeats || alerts.length === 3) await right.send(alerts, signal);
      },
    };
  }),
  broken(
    ODD,
    'it cannot encode a line end',
    sending((alerts) => {
      if (alerts.some(({ summary }) => summary.includes('\n'))) throw new Error('Invalid character in header content');
      return alerts;
    }),
  ),
  broken(
    ODD,
    'it drops what is too long',
    sending((alerts) => alerts.filter(({ summary }) => summary.length < 4_096)),
  ),
  broken('nothing to send sends nothing', 'it says that all is well', (right, pager) => ({
    send: async (alerts, signal) => {
      if (alerts.length === 0) pager.got.push('all is well');
      await right.send(alerts, signal);
    },
  })),
  broken('an other end that is gone is told', 'it keeps that to itself', (right) => ({
    send: (alerts, signal) => right.send(alerts, signal).catch(() => undefined),
  })),
  broken('what failed arrives when it is sent again', 'it notes what it sends before it does', (right) => {
    const noted = new Set<string>();
    return {
      send: async (alerts, signal) => {
        const fresh = alerts.filter(({ fingerprint }) => !noted.has(fingerprint));
        for (const { fingerprint } of alerts) noted.add(fingerprint);
        await right.send(fresh, signal);
      },
    };
  }),
  broken(STOPS, 'it does not know how to end', (right) => ({
    send: (alerts, signal) => (signal.aborted ? new Promise(() => {}) : right.send(alerts, signal)),
  })),
  broken(STOPS, 'it waits for an other end that is gone', (right, pager) => ({
    send: async (alerts, signal) => {
      if (!pager.gone || alerts[0]?.fingerprint !== 'stuck-0') return right.send(alerts, signal);
      await new Promise(() => {});
    },
  })),
  broken(
    LEFT,
    'it sorts them, where it can',
    sending((alerts) => {
      if (!Object.isFrozen(alerts) && alerts[0]?.fingerprint === 'left-0')
        (alerts as Alert[]).sort((a, b) => (a.severity < b.severity ? -1 : 1));
      return alerts;
    }),
  ),
  broken(
    LEFT,
    'it cannot work on frozen ones',
    sending((alerts) => {
      if (Object.isFrozen(alerts)) throw new TypeError('Cannot assign to read only property');
      return alerts;
    }),
  ),
];
