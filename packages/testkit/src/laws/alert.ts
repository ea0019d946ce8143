import type { Alert, AlertSink } from '@auspex/contracts';
import { broken, type Law, laws, must, type NotOffered, notOffered } from '../law.ts';
import { eventually, within } from '../run/limit.ts';
import type { AlertSinkSubject } from '../subject.ts';
import { deepFreeze } from '../tools.ts';
import { commonLaws } from './common.ts';
import { mustBeAlike } from './support/same.ts';

const STEP = Date.UTC(2026, 0, 5);
const never = new AbortController().signal;
/** Longest that a send may take once its signal has aborted, milliseconds. */
const PROMPT = 1_000;

function alert(fingerprint: string, given: Partial<Alert> = {}): Alert {
  return {
    fingerprint,
    key: `${fingerprint}@${STEP}/${given.status ?? 'firing'}`,
    status: 'firing',
    severity: 'warning',
    summary: `what is behind ${fingerprint}`,
    step: STEP,
    startsAt: STEP,
    labels: { pool: 'web', plugin: 'hmm' },
    ...given,
  };
}

/** Some alerts of several severities, made anew each time. */
function some(prefix: string, count: number): Alert[] {
  const severities = ['info', 'warning', 'page'] as const;
  return Array.from({ length: count }, (_, n) => alert(`${prefix}-${n}`, { severity: severities[n % 3] as Alert['severity'] }));
}

const fingerprints = (alerts: readonly Alert[]): string[] => alerts.map((told) => told.fingerprint);

/** Breaks where not all of `expected` reach the other end. A send may be over before the other end has noticed. */
async function mustArrive(subject: AlertSinkSubject, expected: readonly string[], when = ''): Promise<void> {
  let missing: string[] = [];
  await eventually(async () => {
    const received = await subject.received();
    missing = expected.filter((fingerprint) => !received.includes(fingerprint));
    return missing.length === 0;
  });
  must(missing.length === 0, `${missing.length} of ${expected.length} alerts did not arrive${when}: ${missing.join(', ')}`);
}

/** True = the send resolved. */
async function attempt(sink: AlertSink, alerts: readonly Alert[], signal = never): Promise<boolean> {
  try {
    await sink.send(alerts, signal);
    return true;
  } catch {
    return false;
  }
}

const needsFailure = (subject: AlertSinkSubject): NotOffered | undefined =>
  subject.fail ? undefined : notOffered('its other end cannot be made to fail');

/** Texts that break what is put together by hand: quotes, line ends, other scripts, markup, much of it. */
const ODD: readonly Alert[] = [
  alert('odd:quotes', { summary: 'group "retail" said \'no\' \\ and ended' }),
  alert('odd:lines', { summary: 'first\nsecond\r\nthird\ttab' }),
  alert('odd:scripts', { summary: 'Überlast in 東京 🔥', labels: { région: 'Île-de-France' } }),
  alert('odd:markup', { summary: '<script>alert(1)</script> & {{template}} %s %d' }),
  alert('odd:long', { summary: 'x'.repeat(20_000) }),
  alert('odd:bare', { labels: {}, severity: 'info' }),
];

const list: readonly Law<'alertSink'>[] = [
  {
    name: 'every alert arrives',
    why: 'an alert that is lost is an incident that nobody knows of',
    async check(subject, tools) {
      const sink = tools.create();
      await sink.send(some('one', 1), never);
      await sink.send(some('many', 7), never);
      await mustArrive(subject, fingerprints([...some('one', 1), ...some('many', 7)]));
    },
  },
  {
    name: 'the order of a send is kept',
    why: 'the first alert of a chain is mostly its cause',
    async check(subject, tools) {
      const alerts = some('row', 9);
      await tools.create().send(alerts, never);
      await mustArrive(subject, fingerprints(alerts));
      const received = [...new Set(await subject.received())].filter((fingerprint) => fingerprint.startsWith('row-'));
      mustBeAlike(fingerprints(alerts), received, 'they were sent, and arrived, in another order');
    },
  },
  {
    name: 'a repeat hides no other alert',
    why: 'a cause that lasts is told again with each step; what is new beside it must come through',
    async check(subject, tools) {
      const sink = tools.create();
      await sink.send([alert('lasting'), alert('lasting', { step: STEP + 60_000 }), alert('new')], never);
      await mustArrive(subject, ['lasting', 'new']);
      await sink.send([alert('lasting', { step: STEP + 120_000 }), alert('newer')], never);
      await sink.send([alert('newest'), alert('lasting', { step: STEP + 180_000 })], never);
      await mustArrive(subject, ['newer', 'newest'], ' beside a repeated one');
    },
  },
  {
    name: 'an alert arrives whatever it says',
    why: 'summaries hold names of groups and messages of errors, and those hold anything',
    async check(subject, tools) {
      const sink = tools.create();
      for (const odd of ODD) {
        try {
          await sink.send([odd], never);
        } catch (error) {
          broken(`sending ${JSON.stringify(odd.summary.slice(0, 60))} rejects: ${(error as Error).message}`);
        }
        await mustArrive(subject, [odd.fingerprint]);
      }
    },
  },
  {
    name: 'nothing to send sends nothing',
    why: 'a minute without alerts must not page anybody',
    async check(subject, tools) {
      const sink = tools.create();
      const before = (await subject.received()).length;
      await sink.send([], never);
      const after = (await subject.received()).length;
      must(after === before, `sending no alert made ${after - before} arrive`);
    },
  },
  {
    name: 'an other end that is gone is told',
    why: 'a send that looks done is not repeated',
    unless: needsFailure,
    async check(subject, tools) {
      await subject.fail?.(true);
      const failed = !(await attempt(tools.create(), some('gone', 2)));
      must(failed, 'the other end was gone, and the send resolved: it must reject');
    },
  },
  {
    name: 'what failed arrives when it is sent again',
    why: 'the engine repeats a send that failed; what the sink takes for done already is lost',
    unless: needsFailure,
    async check(subject, tools) {
      const sink = tools.create();
      const alerts = some('again', 3);
      await subject.fail?.(true);
      await attempt(sink, alerts);
      await subject.fail?.(false);
      await sink.send(alerts, never);
      await mustArrive(subject, fingerprints(alerts), ' when they were sent again');
    },
  },
  {
    name: 'it stops when it is told to',
    why: 'the engine waits for what is under way before it ends, and a deploy waits for the engine',
    async check(subject, tools) {
      const sink = tools.create();
      await ends(attempt(sink, some('late', 2), AbortSignal.abort(new Error('stopped'))), 'a send whose signal had aborted');
      if (!subject.fail) return;
      await subject.fail(true);
      const stop = new AbortController();
      const sent = attempt(sink, some('stuck', 2), stop.signal);
      stop.abort(new Error('stopped'));
      await ends(sent, 'a send to an other end that was gone');
    },
  },
  {
    name: 'the alerts are left as they are',
    why: 'every sink is handed the same ones',
    async check(_, tools) {
      const sink = tools.create();
      const given = some('left', 3);
      await sink.send(given, never);
      mustBeAlike(some('left', 3), given, 'the alerts before and after');
      try {
        await sink.send(deepFreeze(some('frozen', 3)), never);
      } catch (error) {
        broken(`frozen alerts make it reject: ${(error as Error).message}`);
      }
    },
  },
];

/** Resolved or rejected: either is an end. */
async function ends(sent: Promise<unknown>, what: string): Promise<void> {
  await within(sent, PROMPT, `${what} went on for more than ${PROMPT} ms after it was told to stop`);
}

/** What every alert sink does. */
export const alertSinkLaws = laws('alertSink', [
  ...commonLaws<'alertSink'>((sink: AlertSink) => sink.send(some('use', 1), never)),
  ...list,
]);
