import type { UsageEvent } from '@auspex/contracts';
import { loadPeer, peerError } from '@auspex/contracts';
import { botConfig, botEnricher, geoConfig, geoEnricher } from '@auspex/sources';
import { runLaws } from '@auspex/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BotEnricher } from '../src/enrich/bot/index.ts';
import { dotted, ipv4 } from '../src/enrich/geo/address.ts';
import { GeoEnricher } from '../src/enrich/geo/index.ts';
import { file } from './tools.ts';

const event = (more: Partial<UsageEvent> = {}): UsageEvent => ({ at: 0, kind: 'request', group: '', pop: '', outcome: 'served', ...more });
const held = async (plugin: unknown, options: unknown) => {
  const { results, passed } = await runLaws((() => ({ plugin, with: options })) as never);
  expect(results.filter(({ outcome }) => outcome === 'broken').map(({ law, seen }) => `${law}: ${seen}`)).toEqual([]);
  expect(passed).toBe(true);
};

describe('geo', () => {
  const geo = new GeoEnricher(geoConfig.parse({}));

  test.each([
    ['193.0.6.139', 'NL'],
    ['2001:67c:2e8:22::c100:68b', 'NL'],
    ['::ffff:193.0.6.139', 'NL'],
    ['::FFFF:c100:68b', 'NL'],
    ['64:ff9b::193.0.6.139', 'NL'],
    ...[
      '10.1.2.3',
      '172.31.255.255',
      '192.168.0.1',
      '127.0.0.1',
      '100.64.0.1',
      '169.254.1.1',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '192.0.2.7',
      '198.51.100.7',
      '203.0.113.7',
    ].map((ip) => [ip, '']),
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fd00::1', 'ff02::1', '2001:db8::1', '::ffff:10.0.0.1'].map((ip) => [ip, '']),
    ...[
      '',
      '-',
      'www.example.com',
      '999.1.1.1',
      '1.2.3',
      '1.2.3.4.5',
      '01.2.3.4',
      '193.0.6.139:80',
      '::ffff:0:1.2.3.4x',
      ':',
      ':::::::::',
      `${'1:'.repeat(5_000)}1`,
    ].map((ip) => [ip, '']),
  ])('%s is of "%s"', (ip, country) => {
    // Twice: from the database, then from what is remembered.
    for (let i = 0; i < 2; i++) expect(geo.enrich(null, event({ ip })).country ?? '').toBe(country);
  });

  test('172.15 and 172.32 are not private', () => {
    expect([geo.country('172.15.0.1'), geo.country('172.32.0.1')]).toEqual(['US', 'US']);
  });

  test('a country that is set stays, unless told to override', () => {
    expect(geo.enrich(null, event({ ip: '193.0.6.139', country: 'DE' })).country).toBe('DE');
    const own = new GeoEnricher(geoConfig.parse({ override: true }));
    expect(own.enrich(null, event({ ip: '193.0.6.139', country: 'DE' })).country).toBe('NL');
    expect(own.enrich(null, event({ ip: '10.0.0.1', country: 'DE' })).country).toBe('DE');
  });

  test('what is remembered is bounded, and changes nothing', () => {
    const small = new GeoEnricher(geoConfig.parse({ cache: 3 }));
    fc.assert(fc.property(fc.ipV4(), (ip) => small.country(ip) === geo.country(ip)));
    fc.assert(fc.property(fc.ipV6(), (ip) => small.country(ip) === geo.country(ip)));
  });

  test('numbers and texts of IPv4 are one', () => {
    fc.assert(fc.property(fc.nat(0xffffffff), (value) => ipv4(dotted(value)) === value));
    fc.assert(fc.property(fc.string({ maxLength: 20 }), (text) => ipv4(text) === -1 || dotted(ipv4(text)) === text));
  });

  test('a database that is none is refused when the engine is made', () => {
    expect(() => new GeoEnricher(geoConfig.parse({ file: '/no/such.mmdb' }))).toThrow(
      expect.objectContaining({ code: 'SOURCE_NOT_FOUND', path: '/no/such.mmdb' }),
    );
    const none = file('none.mmdb', 'text');
    expect(() => new GeoEnricher(geoConfig.parse({ file: none }))).toThrow(
      expect.objectContaining({ code: 'SOURCE_NO_VALID_RECORD', path: none }),
    );
  });

  test('laws', () => held(geoEnricher, {}));
});

test('a package that is not installed is named with the command that installs it', async () => {
  const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
  await expect(loadPeer('http', 'fastify', () => Promise.reject(missing))).rejects.toMatchObject({
    code: 'PLUGIN_NOT_FOUND',
    path: 'http',
    remedy: 'Run: npm install fastify',
  });
  expect(peerError('geo', 'maxmind', Object.assign(new Error(), { code: 'MODULE_NOT_FOUND' })).remedy).toBe('Run: npm install maxmind');
  expect(peerError('geo', 'maxmind', new Error('broken')).code).toBe('PLUGIN_FAILED');
});

describe('bot', () => {
  const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0';
  const GOOGLE = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
  const make = (options: Record<string, unknown> = {}) => new BotEnricher(botConfig.parse(options));

  test.each([
    [GOOGLE, true],
    ['curl/8.5.0', true],
    ['python-requests/2.32.3', true],
    ['Scrapy/2.11.2 (+https://scrapy.org)', true],
    [BROWSER, false],
    ['-', false],
    ['', false],
    [undefined, false],
    [`${BROWSER}${'x'.repeat(1_000_000)}`, false],
  ])('%.40s: %s', (agent, bot) => {
    const enricher = make();
    for (let i = 0; i < 2; i++) {
      const out = enricher.enrich(null, event({ group: 'shop', ...(agent === undefined ? {} : { agent }) }));
      expect(out).toMatchObject({ group: bot ? 'bots' : 'shop', kind: 'request' });
    }
  });

  test('drops, names, makes exceptions, takes who says nothing for a bot', () => {
    expect(make({ as: 'drop' }).enrich(null, event({ agent: GOOGLE }))).toBeUndefined();
    expect(make({ as: 'drop' }).enrich(null, event({ agent: BROWSER }))).toBeDefined();
    expect(make({ group: 'machines' }).enrich(null, event({ agent: GOOGLE }))?.group).toBe('machines');
    expect(make({ except: ['GoogleBot'] }).isBot(GOOGLE)).toBe(false);
    expect(make({ also: ['firefox/127'] }).isBot(BROWSER)).toBe(true);
    for (const agent of [undefined, '', '-']) expect(make({ withoutAgent: 'bot' }).isBot(agent)).toBe(true);
  });

  test.each([{}, { as: 'drop', withoutAgent: 'bot' }])('laws: %j', (options) => held(botEnricher, options));
});
