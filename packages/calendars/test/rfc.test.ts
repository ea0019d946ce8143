import { expect, it } from 'vitest';
import { ical } from '../src/index.ts';
import { file, ics, make, vevent } from './tools.ts';

/* Rules of RFC 5545, section 3.8.5.3, each with the dates that stand there: all at 09:00 in New York. */

const RULES: readonly (readonly [what: string, start: string, rule: string, dates: string])[] = [
  ['daily for 10 occurrences', '19970902', 'FREQ=DAILY;COUNT=10', '0902 0903 0904 0905 0906 0907 0908 0909 0910 0911'],
  ['every 10 days, 5 occurrences', '19970902', 'FREQ=DAILY;INTERVAL=10;COUNT=5', '0902 0912 0922 1002 1012'],
  [
    'weekly until December 24',
    '19970902',
    'FREQ=WEEKLY;UNTIL=19971224T000000Z',
    '0902 0909 0916 0923 0930 1007 1014 1021 1028 1104 1111 1118 1125 1202 1209 1216 1223',
  ],
  [
    'weekly on Tuesday and Thursday for five weeks',
    '19970902',
    'FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH',
    '0902 0904 0909 0911 0916 0918 0923 0925 0930 1002',
  ],
  [
    'every other week on Tuesday and Thursday, for 8 occurrences',
    '19970902',
    'FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH',
    '0902 0904 0916 0918 0930 1002 1014 1016',
  ],
  [
    'every other week, Monday, Wednesday and Friday until December 24',
    '19970901',
    'FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR',
    '0901 0903 0905 0915 0917 0919 0929 1001 1003 1013 1015 1017 1027 1029 1031 1110 1112 1114 1124 1126 1128 1208 1210 1212 1222',
  ],
  [
    'the first Friday of the month for 10 occurrences',
    '19970905',
    'FREQ=MONTHLY;COUNT=10;BYDAY=1FR',
    '0905 1003 1107 1205 980102 980206 980306 980403 980501 980605',
  ],
  [
    'every other month on the first and last Sunday for 10 occurrences',
    '19970907',
    'FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU',
    '0907 0928 1102 1130 980104 980125 980301 980329 980503 980531',
  ],
  [
    'the second-to-last Monday of the month for 6 months',
    '19970922',
    'FREQ=MONTHLY;COUNT=6;BYDAY=-2MO',
    '0922 1020 1117 1222 980119 980216',
  ],
  [
    'the third-to-the-last day of the month',
    '19970928',
    'FREQ=MONTHLY;BYMONTHDAY=-3;UNTIL=19980227T000000Z',
    '0928 1029 1128 1229 980129 980226',
  ],
  [
    'the first and last day of the month for 10 occurrences',
    '19970930',
    'FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1',
    '0930 1001 1031 1101 1130 1201 1231 980101 980131 980201',
  ],
  [
    'every third year on the 1st, 100th and 200th day for 10 occurrences',
    '19970101',
    'FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200',
    '970101 970410 970719 000101 000409 000718 030101 030410 030719 060101',
  ],
  [
    'every Thursday in March',
    '19970313',
    'FREQ=YEARLY;BYMONTH=3;BYDAY=TH;UNTIL=19980401T000000Z',
    '970313 970320 970327 980305 980312 980319 980326',
  ],
  ['Monday of week number 20', '19970512', 'FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;UNTIL=20000101T000000Z', '970512 980511 990517'],
  [
    'the first Saturday that follows the first Sunday of the month',
    '19970913',
    'FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=10',
    '0913 1011 1108 1213 980110 980207 980307 980411 980509 980613',
  ],
  [
    'U.S. presidential election day',
    '19961105',
    'FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;UNTIL=20041231T000000Z',
    '961105 001107 041102',
  ],
  [
    'the third of Tuesday, Wednesday or Thursday for 3 months',
    '19970904',
    'FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3',
    '0904 1007 1106',
  ],
  [
    'the second-to-last weekday of the month',
    '19970929',
    'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=7',
    '0929 1030 1127 1230 980129 980226 980330',
  ],
  ['the 15th and 30th, without one in February', '20070115', 'FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5', '070115 070130 070215 070315 070330'],
];

const newYork = new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/New_York', dateStyle: 'short', timeStyle: 'short' });

it.each(RULES)('%s', async (_, start, rule, dates) => {
  const text = ics(vevent('UID:x', `DTSTART;TZID=America/New_York:${start}T090000`, 'DURATION:PT1H', `RRULE:${rule}`));
  const calendar = make(ical, { files: [file('plan.ics', text)] });
  const found = await calendar.between(Date.UTC(1996, 0), Date.UTC(2005, 11, 31));
  const more = await calendar.between(Date.UTC(2005, 11, 31), Date.UTC(2010, 0));
  const expected = dates.split(' ').map((date) => {
    const [year, rest] = date.length === 6 ? [date.slice(0, 2), date.slice(2)] : [start.slice(2, 4), date];
    return `${Number(year) > 50 ? '19' : '20'}${year}-${rest.slice(0, 2)}-${rest.slice(2)} 09:00`;
  });
  expect([...found, ...more].map((event) => newYork.format(event.start))).toEqual(expected);
});
