import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ical } from '../src/index.ts';
import { between, DAY, file, folder, ics, make, surroundings, tell, vevent } from './tools.ts';

/** As Google Calendar exports it: the zone's own rules begin in 1970, times are local with TZID, exceptions come as VEVENTs of their own. */
const GOOGLE = ics(
  'CALSCALE:GREGORIAN',
  'METHOD:PUBLISH',
  'X-WR-CALNAME:Shows',
  'X-WR-TIMEZONE:Europe/Berlin',
  `BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:GMT+2
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:GMT+1
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE`,
  vevent(
    'DTSTART;TZID=Europe/Berlin:20260319T200000',
    'DTEND;TZID=Europe/Berlin:20260319T223000',
    'RRULE:FREQ=WEEKLY;UNTIL=20260423T215959Z;BYDAY=TH',
    'EXDATE;TZID=Europe/Berlin:20260409T200000',
    'DTSTAMP:20260101T120000Z',
    'UID:abc123@google.com',
    'SEQUENCE:1',
    'STATUS:CONFIRMED',
    'SUMMARY:The long show about everything that one could ever have wanted to kno',
    ' w\\, and more',
    'TRANSP:OPAQUE',
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    'TRIGGER:-P0DT0H10M0S',
    'END:VALARM',
  ),
  vevent(
    'DTSTART;TZID=Europe/Berlin:20260403T190000',
    'DTEND;TZID=Europe/Berlin:20260403T200000',
    'UID:abc123@google.com',
    'RECURRENCE-ID;TZID=Europe/Berlin:20260402T200000',
    'SUMMARY:Moved',
    'STATUS:CONFIRMED',
  ),
  vevent(
    'DTSTART;TZID=Europe/Berlin:20260416T200000',
    'DTEND;TZID=Europe/Berlin:20260416T223000',
    'UID:abc123@google.com',
    'RECURRENCE-ID;TZID=Europe/Berlin:20260416T200000',
    'STATUS:CANCELLED',
  ),
);

const of = (text: string, options: object = {}, context = surroundings()) =>
  make(ical, { files: [file('plan.ics', text)], ...options }, context);
const YEAR = ['2026-01-01T00:00Z', '2027-01-01T00:00Z'] as const;

describe('an iCalendar file', () => {
  it('of Google: a weekly show over the clock change, with one left out, one moved and one cancelled', async () => {
    const calendar = of(GOOGLE);
    // By hand: 20:00 in Berlin is 19:00 UTC until 29 March 2026, 18:00 UTC from then on.
    expect(await tell(calendar, ...YEAR)).toEqual([
      'abc123@google.com@2026-03-19T19:00:00.000Z 2026-03-19T19:00Z 2026-03-19T21:30Z',
      'abc123@google.com@2026-03-26T19:00:00.000Z 2026-03-26T19:00Z 2026-03-26T21:30Z',
      'abc123@google.com@2026-04-02T18:00:00.000Z 2026-04-03T17:00Z 2026-04-03T18:00Z',
      'abc123@google.com@2026-04-23T18:00:00.000Z 2026-04-23T18:00Z 2026-04-23T20:30Z',
    ]);
    const [first, , moved] = await between(calendar, ...YEAR);
    expect(first?.name).toBe('The long show about everything that one could ever have wanted to know, and more');
    expect(moved?.name).toBe('Moved');
    // What nobody says is left to be learnt.
    expect(Object.keys(first ?? {}).sort()).toEqual(['end', 'id', 'name', 'start']);
  });

  it('stays at 20:00 in Berlin over both clock changes, and lasts as long', async () => {
    const daily = (day: string) =>
      of(
        ics(
          vevent(
            'UID:x',
            'SUMMARY:x',
            `DTSTART;TZID=Europe/Berlin:${day}T200000`,
            `DTEND;TZID=Europe/Berlin:${day}T210000`,
            'RRULE:FREQ=DAILY;COUNT=3',
          ),
        ),
      );
    expect(await tell(daily('20260328'), ...YEAR)).toEqual([
      'x@2026-03-28T19:00:00.000Z 2026-03-28T19:00Z 2026-03-28T20:00Z',
      'x@2026-03-29T18:00:00.000Z 2026-03-29T18:00Z 2026-03-29T19:00Z',
      'x@2026-03-30T18:00:00.000Z 2026-03-30T18:00Z 2026-03-30T19:00Z',
    ]);
    expect(await tell(daily('20261024'), ...YEAR)).toEqual([
      'x@2026-10-24T18:00:00.000Z 2026-10-24T18:00Z 2026-10-24T19:00Z',
      'x@2026-10-25T19:00:00.000Z 2026-10-25T19:00Z 2026-10-25T20:00Z',
      'x@2026-10-26T19:00:00.000Z 2026-10-26T19:00Z 2026-10-26T20:00Z',
    ]);
  });

  it('has no repeat in the hour that a clock change leaves out, one in the hour that comes twice; a single start there is taken as if it had not changed', async () => {
    const spring = ics(
      vevent('UID:r', 'DTSTART;TZID=Europe/Berlin:20260328T023000', 'DURATION:PT30M', 'RRULE:FREQ=DAILY;COUNT=2'),
      vevent('UID:s', 'DTSTART;TZID=Europe/Berlin:20260329T023000', 'DURATION:PT30M'),
      vevent('UID:t', 'DTSTART;TZID=Europe/Berlin:20261025T023000', 'DURATION:PT30M'),
    );
    expect(await tell(of(spring), ...YEAR)).toEqual([
      'r@2026-03-28T01:30:00.000Z 2026-03-28T01:30Z 2026-03-28T02:00Z',
      's 2026-03-29T01:30Z 2026-03-29T02:00Z',
      'r@2026-03-30T00:30:00.000Z 2026-03-30T00:30Z 2026-03-30T01:00Z',
      't 2026-10-25T00:30Z 2026-10-25T01:00Z',
    ]);
  });

  it('has whole days in its zone, which clock changes make shorter and longer', async () => {
    const days = ics(
      vevent('UID:a', 'SUMMARY:A', 'DTSTART;VALUE=DATE:20260329'),
      vevent('UID:b', 'SUMMARY:B', 'DTSTART;VALUE=DATE:20261024', 'DTEND;VALUE=DATE:20261027'),
      vevent('UID:c', 'SUMMARY:C', 'DTSTART;VALUE=DATE:20261224', 'RRULE:FREQ=YEARLY;UNTIL=20271224', 'EXDATE;VALUE=DATE:20261224'),
    );
    const expected = [
      'a 2026-03-28T23:00Z 2026-03-29T22:00Z',
      'b 2026-10-23T22:00Z 2026-10-26T23:00Z',
      'c@2027-12-24 2027-12-23T23:00Z 2027-12-24T23:00Z',
    ];
    expect(await tell(of(days, { zone: 'Europe/Berlin' }), '2026-01-01', '2029-01-01')).toEqual(expected);
    // By what the calendar says of itself; by UTC where nobody says.
    expect(await tell(of(days.replace('VERSION', 'X-WR-TIMEZONE:Europe/Berlin\r\nVERSION')), '2026-01-01', '2029-01-01')).toEqual(expected);
    expect((await tell(of(days), ...YEAR))[0]).toBe('a 2026-03-29T00:00Z 2026-03-30T00:00Z');
  });

  it('reads floating times in its zone, times in UTC as they are, and an end in another zone', async () => {
    const text = ics(
      vevent('UID:f', 'DTSTART:20260701T090000', 'DURATION:PT1H'),
      vevent('UID:u', 'DTSTART:20260701T090000Z', 'DURATION:PT1H'),
      vevent('UID:z', 'DTSTART;TZID=America/New_York:20260701T090000', 'DTEND;TZID=Europe/London:20260701T200000'),
    );
    expect(await tell(of(text, { zone: 'Asia/Kolkata' }), ...YEAR)).toEqual([
      'f 2026-07-01T03:30Z 2026-07-01T04:30Z',
      'u 2026-07-01T09:00Z 2026-07-01T10:00Z',
      'z 2026-07-01T13:00Z 2026-07-01T19:00Z',
    ]);
    expect((await tell(of(text), ...YEAR))[0]).toBe('f 2026-07-01T09:00Z 2026-07-01T10:00Z');
  });

  it('knows the zones that a file defines itself, as Outlook does, in and around their clock changes', async () => {
    const text = ics(
      `BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE`,
      vevent('UID:s', 'DTSTART;TZID=W. Europe Standard Time:20260328T023000', 'DURATION:PT30M', 'RRULE:FREQ=DAILY;UNTIL=20260330T003000Z'),
      vevent('UID:g', 'DTSTART;TZID=W. Europe Standard Time:20260329T023000', 'DURATION:PT30M'),
      vevent('UID:a', 'DTSTART;TZID=W. Europe Standard Time:20261024T023000', 'DURATION:PT30M', 'RRULE:FREQ=DAILY;COUNT=3'),
      vevent('UID:h', 'DTSTART;TZID=W. Europe Standard Time:20261025T030000', 'DURATION:PT30M'),
      vevent('UID:m', 'DTSTART;TZID="/example.org/20260101_1/America/New_York":20260701T090000', 'DURATION:PT1H'),
    );
    expect(await tell(of(text), ...YEAR)).toEqual([
      's@2026-03-28T01:30:00.000Z 2026-03-28T01:30Z 2026-03-28T02:00Z',
      'g 2026-03-29T01:30Z 2026-03-29T02:00Z',
      's@2026-03-30T00:30:00.000Z 2026-03-30T00:30Z 2026-03-30T01:00Z',
      'm 2026-07-01T13:00Z 2026-07-01T14:00Z',
      'a@2026-10-24T00:30:00.000Z 2026-10-24T00:30Z 2026-10-24T01:00Z',
      'a@2026-10-25T00:30:00.000Z 2026-10-25T00:30Z 2026-10-25T01:00Z',
      'h 2026-10-25T02:00Z 2026-10-25T02:30Z',
      'a@2026-10-26T01:30:00.000Z 2026-10-26T01:30Z 2026-10-26T02:00Z',
    ]);
  });

  it('has RDATE, also with an end or a length, UNTIL in every form, and rules of years ago', async () => {
    const text = ics(
      vevent(
        'UID:r',
        'DTSTART:20260101T100000Z',
        'DURATION:PT1H',
        'RDATE:20260105T120000Z,20260101T100000Z',
        'RDATE;VALUE=PERIOD:20260107T000000Z/PT2H,20260108T000000Z/20260108T030000Z',
      ),
      vevent('UID:d', 'DTSTART:20260201T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;UNTIL=20260202'),
      vevent('UID:l', 'DTSTART;TZID=America/New_York:20260210T200000', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;UNTIL=20260211T200000'),
      vevent('UID:o', 'DTSTART;TZID=America/New_York:19701126T120000', 'DURATION:PT1H', 'RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH'),
      vevent('UID:p', 'DTSTART;TZID=Europe/Berlin:20200101T000000', 'DURATION:P1D', 'RRULE:FREQ=MONTHLY;BYDAY=-1SU;BYMONTH=3,10'),
    );
    expect(await tell(of(text), ...YEAR)).toEqual([
      'r@2026-01-01T10:00:00.000Z 2026-01-01T10:00Z 2026-01-01T11:00Z',
      'r@2026-01-05T12:00:00.000Z 2026-01-05T12:00Z 2026-01-05T13:00Z',
      'r@2026-01-07T00:00:00.000Z 2026-01-07T00:00Z 2026-01-07T02:00Z',
      'r@2026-01-08T00:00:00.000Z 2026-01-08T00:00Z 2026-01-08T03:00Z',
      'd@2026-02-01T10:00:00.000Z 2026-02-01T10:00Z 2026-02-01T11:00Z',
      'd@2026-02-02T10:00:00.000Z 2026-02-02T10:00Z 2026-02-02T11:00Z',
      'l@2026-02-11T01:00:00.000Z 2026-02-11T01:00Z 2026-02-11T02:00Z',
      'l@2026-02-12T01:00:00.000Z 2026-02-12T01:00Z 2026-02-12T02:00Z',
      // A duration of a day is a local day: 23 hours in March, 25 in October.
      'p@2026-03-28T23:00:00.000Z 2026-03-28T23:00Z 2026-03-29T22:00Z',
      'p@2026-10-24T22:00:00.000Z 2026-10-24T22:00Z 2026-10-25T23:00Z',
      'o@2026-11-26T17:00:00.000Z 2026-11-26T17:00Z 2026-11-26T18:00Z',
    ]);
  });

  it('begins with its own start, whether its rule says so or not, and counts it', async () => {
    const text = ics(vevent('UID:t', 'DTSTART:20260106T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3'));
    // 6 January 2026 is a Tuesday.
    expect((await between(of(text), ...YEAR)).map(({ start }) => new Date(start).toISOString().slice(0, 10))).toEqual([
      '2026-01-06',
      '2026-01-12',
      '2026-01-19',
    ]);
  });

  it('answers a question without end, of what has none', async () => {
    const calendar = of(ics(vevent('UID:t', 'DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY')));
    // Ten years of weeks, and no more.
    expect((await calendar.between(Date.UTC(2026, 0), Number.POSITIVE_INFINITY)).length).toBe(523);
    expect(await calendar.between(Number.NEGATIVE_INFINITY, Date.UTC(2026, 0, 6))).toHaveLength(1);
  });

  it('gives an occurrence the id of the start that it had, whatever is done to it; of several versions the newest counts', async () => {
    const series = vevent('UID:s', 'SUMMARY:S', 'DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=2');
    const moved = (sequence: number, time: string) =>
      vevent('UID:s', 'RECURRENCE-ID:20260112T100000Z', `SEQUENCE:${sequence}`, `DTSTART:20260113T${time}Z`, 'DURATION:PT5H');
    expect(await tell(of(ics(series, moved(2, '120000'), moved(1, '110000'))), ...YEAR)).toEqual([
      's@2026-01-05T10:00:00.000Z 2026-01-05T10:00Z 2026-01-05T11:00Z',
      's@2026-01-12T10:00:00.000Z 2026-01-13T12:00Z 2026-01-13T17:00Z',
    ]);
    const alone = ics(moved(0, '110000'));
    expect(await tell(of(alone), ...YEAR)).toEqual(['s@2026-01-12T10:00:00.000Z 2026-01-13T11:00Z 2026-01-13T16:00Z']);
    const cancelled = ics(series.replace('SUMMARY:S', 'STATUS:CANCELLED'), moved(1, '110000'));
    expect(await tell(of(cancelled), ...YEAR)).toEqual([]);
  });

  it('takes an event that stands in two files for one', async () => {
    const text = ics(vevent('UID:s', 'SUMMARY:S', 'DTSTART:20260105T100000Z', 'DURATION:PT1H'));
    expect(await tell(make(ical, { files: [file('a.ics', text), file('b.ics', text)] }), ...YEAR)).toHaveLength(1);
  });
});

describe('what an event does', () => {
  const text = ics(
    vevent('UID:1', 'SUMMARY:Black Friday', 'DTSTART:20261127T000000Z', 'DURATION:P1D', 'CATEGORIES:Sale,Web'),
    vevent(
      'UID:2',
      'SUMMARY:Cup final (live)',
      'DTSTART:20260601T180000Z',
      'DURATION:PT2H',
      'CATEGORIES:Sport',
      'X-AUSPEX-GROUPS:tv, radio',
      'X-AUSPEX-POPS:ATL',
      'X-AUSPEX-IMPACT:+150 %',
      'X-AUSPEX-RAMP:PT30M',
      'X-AUSPEX-DECAY:1h',
    ),
    vevent('UID:3', 'SUMMARY:Team lunch', 'DTSTART:20260301T110000Z', 'DURATION:PT1H'),
    vevent('UID:4', 'SUMMARY:Maintenance', 'DTSTART:20260201T110000Z', 'DURATION:PT1H', 'X-AUSPEX-IMPACT:-0.3'),
  );
  const rules = [
    { match: { summary: 'team *' }, skip: true },
    { match: { category: 'SALE' }, impact: 2, groups: ['web'], ramp: '2h' },
    { match: { summary: '*friday*' }, impact: 9, decay: '1d', category: 'black-friday' },
    { pops: ['FRA'], groups: ['all'] },
  ];

  it('stands in the event, then in the first rule that says it', async () => {
    const events = await between(of(text, { rules }), ...YEAR);
    expect(events.map(({ start, end, ...rest }) => rest)).toEqual([
      { id: '4', name: 'Maintenance', impact: -0.3, groups: ['all'], pops: ['FRA'] },
      {
        id: '2',
        name: 'Cup final (live)',
        category: 'Sport',
        impact: 1.5,
        groups: ['tv', 'radio'],
        pops: ['ATL'],
        shape: { rampMs: 1_800_000, decayMs: 3_600_000 },
      },
      {
        id: '1',
        name: 'Black Friday',
        category: 'black-friday',
        impact: 2,
        groups: ['web'],
        pops: ['FRA'],
        shape: { rampMs: 7_200_000, decayMs: DAY },
      },
    ]);
  });

  it('is asked for by category, that of a rule included', async () => {
    const ids = async (options: object) => (await between(of(text, options), ...YEAR)).map(({ id, category }) => `${id} ${category}`);
    expect(await ids({ categories: ['web'] })).toEqual(['1 Web']);
    expect(await ids({ categories: ['sport', 'sale'] })).toEqual(['2 Sport', '1 Sale']);
    expect(await ids({ categories: ['food'], rules: [{ match: { summary: 'Team lunch' }, category: 'food' }] })).toEqual(['3 food']);
  });

  it('comes to a changed occurrence from the whole', async () => {
    const changed = ics(
      vevent(
        'UID:s',
        'SUMMARY:S',
        'CATEGORIES:show',
        'X-AUSPEX-IMPACT:50%',
        'DTSTART:20260105T100000Z',
        'DURATION:PT1H',
        'RRULE:FREQ=DAILY;COUNT=2',
      ),
      vevent('UID:s', 'RECURRENCE-ID:20260106T100000Z', 'DTSTART:20260106T110000Z'),
    );
    expect((await between(of(changed), ...YEAR))[1]).toEqual({
      id: 's@2026-01-06T10:00:00.000Z',
      name: 'S',
      category: 'show',
      impact: 0.5,
      start: Date.UTC(2026, 0, 6, 11),
      end: Date.UTC(2026, 0, 6, 12),
    });
  });
});

describe('what cannot be read', () => {
  const GOOD = vevent('UID:good', 'SUMMARY:Good', 'DTSTART:20260105T100000Z', 'DURATION:PT1H');

  it.each([
    ['no date', ['DTSTART:20261345T996000', 'DURATION:PT1H'], 'DTSTART is no date'],
    ['a day that is none', ['DTSTART;VALUE=DATE:20260230'], 'DTSTART is no date'],
    ['no start', ['SUMMARY:x'], 'it has no DTSTART'],
    ['an end before the start', ['DTSTART:20260105T100000Z', 'DTEND:20260105T090000Z'], 'it ends before it has begun'],
    ['days that end before they begin', ['DTSTART;VALUE=DATE:20260105', 'DTEND;VALUE=DATE:20260103'], 'it ends before it has begun'],
    ['no length', ['DTSTART:20260105T100000Z'], 'it has no length'],
    ['a negative length', ['DTSTART:20260105T100000Z', 'DURATION:-PT1H'], 'it ends before it has begun'],
    ['no duration', ['DTSTART:20260105T100000Z', 'DURATION:1 hour'], 'DURATION is no duration'],
    ['an unknown zone', ['DTSTART;TZID=Mars/Olympus:20260105T100000', 'DURATION:PT1H'], 'the zone "Mars/Olympus" is not known'],
    ['no rule', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:weekly'], 'is no RRULE'],
    ['an unknown frequency', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=NEVER'], 'FREQ=NEVER cannot be'],
    ['an interval of none', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;INTERVAL=0'], 'INTERVAL=0 cannot be'],
    ['an hour that is none', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;BYHOUR=77'], 'BYHOUR=77 cannot be'],
    ['a rule without end', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=SECONDLY'], 'more than 96 times a day'],
    ['a count and an end', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101'], 'COUNT and UNTIL'],
    ['an impact in words', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'X-AUSPEX-IMPACT:much'], 'X-AUSPEX-IMPACT is no number'],
    ['an impact that cannot be', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'X-AUSPEX-IMPACT:-150%'], 'an impact of -1.5 cannot be'],
    ['no ramp', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'X-AUSPEX-RAMP:soon'], 'X-AUSPEX-RAMP is no duration'],
    ['a line that is none', ['DTSTART:20260105T100000Z', 'DURATION:PT1H', 'hello'], 'invalid line'],
  ])('%s: that event alone is left out, with its line', async (_, lines, says) => {
    const context = surroundings();
    const calendar = of(ics(GOOD, vevent('UID:bad', ...lines)), {}, context);
    expect(await tell(calendar, ...YEAR)).toEqual(['good 2026-01-05T10:00Z 2026-01-05T11:00Z']);
    expect(context.complaints()).toEqual([
      expect.stringMatching(new RegExp(`left out .*plan\\.ics:10 .*${says.replaceAll(/[.()"]/g, '\\$&')}`)),
    ]);
    expect(context.meter.values.get('auspex_calendar_bad_events_total{calendar=ical}')).toBe(1);
  });

  it('a change of all that follow is one of that occurrence, and told; a second rule is refused', async () => {
    const context = surroundings();
    const text = ics(
      vevent('UID:s', 'DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=3'),
      vevent('UID:s', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260106T100000Z', 'DTSTART:20260106T110000Z', 'DURATION:PT1H'),
      vevent('UID:two', 'DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY', 'RRULE:FREQ=WEEKLY'),
    );
    expect((await tell(of(text, {}, context), ...YEAR)).map((line) => line.split(' ')[1])).toEqual([
      '2026-01-05T10:00Z',
      '2026-01-06T11:00Z',
      '2026-01-07T10:00Z',
    ]);
    expect(context.complaints()).toEqual([
      expect.stringContaining('RANGE is not understood'),
      expect.stringContaining('more than one RRULE'),
    ]);
  });

  it('a changed occurrence that cannot be read leaves the one that was', async () => {
    const text = ics(
      vevent('UID:s', 'DTSTART:20260105T100000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY;COUNT=2'),
      vevent('UID:s', 'RECURRENCE-ID:20260106T100000Z', 'DTSTART:20260106T110000Z', 'DURATION:PT0S'),
    );
    expect(await tell(of(text), ...YEAR)).toHaveLength(2);
  });

  it.each([
    ['an empty file', '', 'SOURCE_EMPTY', 'empty'],
    ['white space', ' \r\n\r\n', 'SOURCE_EMPTY', 'empty'],
    ['a picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0]), 'SOURCE_BINARY', 'no text'],
    ['zero bytes', 'BEGIN:VCALENDAR\r\n\0', 'SOURCE_BINARY', 'zero bytes'],
    ['a web page', '<!DOCTYPE html><html>Log in</html>', 'SOURCE_FAILED', 'web page'],
    ['something else', 'name,start\nsale,now\n', 'SOURCE_FAILED', 'plan.ics:1: this is no iCalendar file: "name,start"'],
    ['another version', ics(GOOD).replace('VERSION:2.0', 'VERSION:1.0'), 'SOURCE_FAILED', 'plan.ics:2: it is of version "1.0"'],
    ['a file that is cut off', ics(GOOD).slice(0, 120), 'SOURCE_FAILED', 'VEVENT, begun at line 4, does not end'],
    ['ends that do not fit', ics(GOOD).replace('END:VEVENT', 'END:VTODO'), 'SOURCE_FAILED', 'END:VTODO where VEVENT (line 4) is to end'],
    ['nothing but what cannot be read', ics(vevent('UID:x', 'SUMMARY:y')), 'SOURCE_NO_VALID_RECORD', 'it has no DTSTART'],
    ['more than is read', ics(...Array.from({ length: 20 }, () => GOOD)), 'SOURCE_FAILED', 'more than 1024 bytes'],
  ])('%s is refused as a whole', async (_, content, code, says) => {
    const calendar = make(ical, { files: [file('plan.ics', content)], maxSize: 1024 });
    await expect(between(calendar, ...YEAR)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    // Asked again, it is said again.
    await expect(between(calendar, ...YEAR)).rejects.toMatchObject({ code });
  });

  it('a calendar without events is none that cannot be read', async () => {
    expect(await tell(of(ics()), ...YEAR)).toEqual([]);
  });

  it('no file at all is told, and read once it is there', async () => {
    const at = folder();
    const calendar = make(ical, { files: [`${at}/late.ics`] });
    await expect(between(calendar, ...YEAR)).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      message: expect.stringContaining('no such file'),
    });
    file('late.ics', ics(GOOD), at);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    await expect(between(make(ical, { files: [at] }), ...YEAR)).rejects.toThrow('this is a folder');
  });

  it('a file that is damaged later leaves what it held, is told once, and read again once it is mended', async () => {
    const context = surroundings();
    const at = file('plan.ics', ics(GOOD));
    const calendar = make(ical, { files: [at] }, context);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    const change = (text: string, seconds: number) => {
      writeFileSync(at, text);
      utimesSync(at, new Date(), new Date(statSync(at).mtimeMs + 1000 * seconds));
    };
    change('half a fi', 1);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    expect(await tell(calendar, ...YEAR)).toHaveLength(1);
    expect(context.complaints()).toEqual([expect.stringContaining('what it held before stands')]);
    change(ics(GOOD, GOOD.replaceAll('good', 'better')), 2);
    expect(await tell(calendar, ...YEAR)).toHaveLength(2);
  });
});

describe('the options', () => {
  const wrong = (options: object): string[] =>
    (ical.config.safeParse(options).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  it('name what is wrong', () => {
    expect(wrong({})).toEqual(['files: name files or urls']);
    expect(wrong({ files: ['a'], zone: 'Mars/Olympus' })[0]).toContain('zone: must be an IANA zone');
    expect(wrong({ urls: ['ftp://example.org/x.ics'] })[0]).toContain('urls.0');
    expect(wrong({ files: ['a'], rules: [{ match: { sumary: 'x' } }] })[0]).toContain('sumary');
    expect(wrong({ files: ['a'], rules: [{ impact: 150 * 10 }] })[0]).toContain('rules.0.impact');
    expect(wrong({ files: ['a'], rules: [{ ramp: '30' }] })[0]).toContain('rules.0.ramp');
  });
});

describe('a large calendar', () => {
  it('of two thousand events and years of repeats answers at once when asked again', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) =>
      vevent(
        `UID:${i}`,
        `SUMMARY:${i}`,
        `DTSTART;TZID=Europe/Berlin:2016${String(1 + (i % 12)).padStart(2, '0')}01T200000`,
        'DURATION:PT1H',
        i % 10 === 0 ? 'RRULE:FREQ=WEEKLY' : 'STATUS:CONFIRMED',
      ),
    );
    const calendar = of(ics(...many));
    const from = Date.UTC(2026, 5, 1);
    const started = performance.now();
    const first = await calendar.between(from, from + DAY * 7);
    expect(first).toHaveLength(200);
    expect(performance.now() - started).toBeLessThan(15_000);
    const again = performance.now();
    for (let step = 0; step < 1_000; step++) await calendar.between(from + step * 60_000, from + step * 60_000 + DAY);
    expect(performance.now() - again).toBeLessThan(3_000);
  });
});
