import { RecordingLogger } from '@auspex/testkit';
import { expect, it } from 'vitest';
import { alertLog } from '../../src/index.ts';
import { alert, HOSTILE, make, never, refusal, STEP } from './tools.ts';

it('an alert is one line, as loud as it is, with all that it says', async () => {
  const logger = new RecordingLogger();
  const alerts = [
    alert('a', { severity: 'page', details: ['d'] }),
    alert('b'),
    alert('c', { severity: 'info' }),
    alert('d', { severity: 'page', status: 'resolved', endsAt: STEP + 60_000 }),
  ];
  await make(alertLog, {}, { logger }).send(alerts, never);
  expect(logger.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error alert firing: what is behind a',
    'warn alert firing: what is behind b',
    'info alert firing: what is behind c',
    'info alert resolved: what is behind d',
  ]);
  expect(logger.lines[0]?.fields).toEqual({
    alert: {
      fingerprint: 'a',
      key: `a@${STEP}/firing`,
      status: 'firing',
      severity: 'page',
      summary: 'what is behind a',
      details: ['d'],
      step: '2026-01-05T00:00:00.000Z',
      startsAt: '2026-01-05T00:00:00.000Z',
      labels: { rule: 'surge', pool: 'web' },
    },
  });
  expect(logger.lines[3]?.fields).toMatchObject({ alert: { endsAt: '2026-01-05T00:01:00.000Z' } });
});

it('no text begins a line of its own, or turns one around; the fields have it as it is', async () => {
  const logger = new RecordingLogger();
  await make(alertLog, {}, { logger }).send(HOSTILE, never);
  expect(logger.lines).toHaveLength(HOSTILE.length);
  for (const { message } of logger.lines) expect(message).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
  expect(logger.lines.map(({ fields }) => (fields as { alert: { summary: string } }).alert.summary)).toEqual(
    HOSTILE.map(({ summary }) => summary),
  );
});

it('nothing is written once it is told to stop', async () => {
  const logger = new RecordingLogger();
  const reason = new Error('stopped');
  expect(await refusal(make(alertLog, {}, { logger }).send([alert('a')], AbortSignal.abort(reason)))).toBe(reason);
  expect(logger.lines).toEqual([]);
});
