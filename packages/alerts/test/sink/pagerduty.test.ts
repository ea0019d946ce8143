import { describe, expect, it } from 'vitest';
import { pagerduty } from '../../src/index.ts';
import { eventOf } from '../../src/sink/pagerduty/event.ts';
import { FakePagerduty } from './fakes/pagerduty.ts';
import { alert, everything, HOSTILE, make, never, refusal, STEP, serve, setEnv, wellFormed } from './tools.ts';

const KEY = '0123456789abcdef0123456789abcdef';
setEnv({ PD_KEY: KEY, PD_WRONG: 'wrong-key-of-somebody' });

async function over(options: object = {}) {
  const fake = new FakePagerduty();
  const server = await serve(fake.answer);
  return { fake, sink: make(pagerduty, { url: `${server.url}/v2/enqueue`, routingKeyEnv: 'PD_KEY', ...options }) };
}

describe('an event', () => {
  it('opens an incident, which repeats leave one, and the end closes', async () => {
    const { fake, sink } = await over();
    await sink.send([alert('surge/web', { severity: 'page' }), alert('surge/api')], never);
    await sink.send([alert('surge/web', { severity: 'page', step: STEP + 3_600_000 })], never);
    expect([...fake.open]).toEqual(['surge/web', 'surge/api']);
    await sink.send([alert('surge/web', { severity: 'page', status: 'resolved', endsAt: STEP + 3_660_000 })], never);
    expect([...fake.open]).toEqual(['surge/api']);
  });

  it('says what PagerDuty shows, searches and routes by', async () => {
    const { fake, sink } = await over();
    await sink.send(
      [alert('surge/web', { severity: 'page', details: ['a', 'b\nc'], labels: { rule: 'surge', pool: 'web', group: 'eu' } })],
      never,
    );
    expect(fake.events[0]).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'surge/web',
      client: 'Auspex',
      payload: {
        summary: 'what is behind surge/web',
        source: 'web',
        severity: 'critical',
        timestamp: '2026-01-05T00:00:00.000Z',
        component: 'web',
        group: 'eu',
        class: 'surge',
        custom_details: {
          fingerprint: 'surge/web',
          key: `surge/web@${STEP}/firing`,
          startsAt: '2026-01-05T00:00:00.000Z',
          labels: { rule: 'surge', pool: 'web', group: 'eu' },
          details: ['a', 'b c'],
        },
      },
    });
  });

  it.each([
    ['page', 'critical'],
    ['warning', 'warning'],
    ['info', 'info'],
  ] as const)('of a %s is %s', (severity, theirs) => {
    expect(eventOf(alert('f', { severity })).payload.severity).toBe(theirs);
  });

  it('is of a source: the pool, else the group, else auspex, else what the options say', () => {
    const source = (labels: Record<string, string>, given?: string): string => eventOf(alert('f', { labels }), given).payload.source;
    expect([source({ pool: 'web', group: 'eu' }), source({ group: 'eu' }), source({}), source({ pool: 'web' }, 'fleet')]).toEqual([
      'web',
      'eu',
      'auspex',
      'fleet',
    ]);
  });

  it('is taken whatever the alert says, within the bounds of the API', async () => {
    const { fake, sink } = await over();
    await sink.send(HOSTILE, never);
    expect(fake.received).toEqual(HOSTILE.map(({ fingerprint }) => wellFormed(fingerprint)));
    const long = fake.events.find(({ dedup_key }) => dedup_key === 'hostile/long')?.payload;
    expect(long?.summary).toBe(`${'x'.repeat(1_023)}…`);
    expect(long?.custom_details['summary']).toBe('x'.repeat(20_000));
    expect(long?.custom_details['details']).toHaveLength(100);
  });

  it('of a long fingerprint has a key of its own that stays the same', () => {
    const [a, b] = [alert(`${'x'.repeat(300)}a`), alert(`${'x'.repeat(300)}b`)].map((each) => eventOf(each).dedup_key) as [string, string];
    expect(a).toHaveLength(255);
    expect(a).not.toBe(b);
    expect(eventOf(alert(`${'x'.repeat(300)}a`, { status: 'resolved' })).dedup_key).toBe(a);
    expect(eventOf(alert('x'.repeat(255))).dedup_key).toBe('x'.repeat(255));
  });
});

it('a routing key that is wrong is told in PagerDuty’s words, without the key', async () => {
  const { sink } = await over({ routingKeyEnv: 'PD_WRONG' });
  const error = await refusal(sink.send([alert('a')], never));
  expect(error.message).toMatch(/^1 of 1 refused \(a\): pagerduty: .*HTTP 400: .*should be 32 characters\): …/);
  expect(error.message).toMatch(/routingKeyEnv/);
  expect(everything(error)).not.toContain('wrong-key-of-somebody');
});

it('too many events are told, with the time that it asks for', async () => {
  const { fake, sink } = await over();
  fake.failing = true;
  expect((await refusal(sink.send([alert('a')], never))).message).toMatch(/HTTP 429 \(to come again after 7\)$/);
});

it('the key is asked for when it is made, and the region is an address', () => {
  expect(() => make(pagerduty, { routingKeyEnv: 'PD_NOTHING' })).toThrow('the environment variable PD_NOTHING is empty');
  expect(pagerduty.config.parse({ routingKeyEnv: 'PD_KEY' }).url).toBe('https://events.pagerduty.com/v2/enqueue');
  expect(pagerduty.config.safeParse({ routingKeyEnv: 'PD_KEY', url: 'https://events.eu.pagerduty.com/v2/enqueue' }).success).toBe(true);
  expect(pagerduty.config.safeParse({ routingKeyEnv: 'PD_KEY', url: 'http://events.pagerduty.com/v2/enqueue' }).success).toBe(false);
});
