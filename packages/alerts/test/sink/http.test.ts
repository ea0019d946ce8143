import { describe, expect, it } from 'vitest';
import { alertmanager, alertWebhook, pagerduty, slack } from '../../src/index.ts';
import { type Answer, alert, everything, make, never, refusal, serve, setEnv, until } from './tools.ts';

/* What is the same for all that post: bounds, failures, the end. */

const SECRET = 'the-secret-path-of-it-all-1234567890';
setEnv({ HTTP_SECRET: SECRET });

/** Each over an address, with what stands for a secret in its own way. */
const SINKS: Readonly<Record<string, (url: string, more?: object) => ReturnType<typeof make>>> = {
  alertmanager: (url, more) => make(alertmanager, { urls: [url], tokenEnv: 'HTTP_SECRET', ...more }),
  webhook: (url, more) => make(alertWebhook, { url: `${url}/${SECRET}`, secretEnv: 'HTTP_SECRET', ...more }),
  slack: (url, more) => {
    process.env['HTTP_SLACK'] = `${url}/services/${SECRET}`;
    return make(slack, { urlEnv: 'HTTP_SLACK', ...more });
  },
  pagerduty: (url, more) => make(pagerduty, { url: `${url}/v2/enqueue`, routingKeyEnv: 'HTTP_SECRET', ...more }),
};

const say =
  (status: number, headers: Record<string, string> = {}, text = ''): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(text);

describe.each(Object.keys(SINKS))('%s', (name) => {
  const sinkOver = SINKS[name] as NonNullable<(typeof SINKS)[string]>;

  it.each<[string, Answer, RegExp, RegExp]>([
    [
      '400',
      say(400, {}, 'nonsense\nof\u001b[31m yours'),
      /refused \(a\): .*HTTP 400: nonsense of \[31m yours|it answers HTTP 400: nonsense of \[31m yours/,
      /Correct/,
    ],
    ['401', say(401), /it answers HTTP 401\. \w/, /Correct/],
    ['404', say(404, {}, 'no_service'), /HTTP 404: no_service\. \w/, /Correct/],
    ['408', say(408), /HTTP 408$/, /sent again/],
    ['429 with a time', say(429, { 'retry-after': '30' }), /HTTP 429 \(to come again after 30\)$/, /sent again/],
    ['500', say(500, {}, 'x'.repeat(100_000)), /HTTP 500: x{199}…$/, /sent again/],
    [
      'a redirect',
      say(307, { location: 'http://127.0.0.1:1/elsewhere?token=1' }),
      /it redirects to http:\/\/127.0.0.1:1 \(HTTP 307\)/,
      /Correct/,
    ],
    ['a redirect to nowhere', say(302), /it redirects to .*\(HTTP 302\)/, /Correct/],
    ['no word', (_, response) => void response.destroy(), /it cannot be reached \(ECONNRESET\)/, /sent again/],
  ])('tells %s, and what to do', async (_, answer, says, remedy) => {
    const server = await serve(answer);
    const error = await refusal(sinkOver(server.url).send([alert('a')], never));
    expect(error).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(says), remedy: expect.stringMatching(remedy) });
    expect(error.message).toContain(`${name}: ${server.url}/…`);
    expect(everything(error)).not.toContain(SECRET);
    // One attempt a message, and none elsewhere: who sends decides on more.
    expect(server.requests).toHaveLength(1);
  });

  it('tells that nobody is there, and no more than that', async () => {
    const server = await serve(say(200));
    await server.close();
    const error = await refusal(sinkOver(server.url).send([alert('a')], never));
    expect(error.message).toContain('it cannot be reached (ECONNREFUSED)');
    expect(everything(error)).not.toContain(SECRET);
  });

  it('waits for an answer no longer than timeLimit, also where it comes a byte at a time', async () => {
    const drip: Answer = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    };
    for (const answer of [() => undefined, drip]) {
      const server = await serve(answer);
      const error = await refusal(sinkOver(server.url, { timeLimit: '200ms' }).send([alert('a')], never));
      expect(error.message).toMatch(/no answer within 200ms$/);
      await until(async () => (await server.connections()) === 0);
    }
  });

  it('takes an endless answer for what its status says', async () => {
    const server = await serve((_, response) => {
      response.writeHead(202);
      const flood = (): void => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      };
      response.on('drain', flood);
      flood();
    });
    await sinkOver(server.url).send([alert('a')], never);
    expect(server.requests).toHaveLength(1);
  });

  it('ends at once when it is told to, with that reason, and leaves no connection', async () => {
    const server = await serve(() => undefined);
    const stop = new AbortController();
    const reason = new Error('stopped');
    const sent = refusal(sinkOver(server.url).send([alert('a'), alert('b')], stop.signal));
    await until(() => server.requests.length === 1);
    stop.abort(reason);
    const begin = Date.now();
    expect(await sent).toBe(reason);
    // Long before the time limit, which would end it, too.
    expect(Date.now() - begin).toBeLessThan(2_000);
    await until(async () => (await server.connections()) === 0);
    expect(await refusal(sinkOver(server.url).send([alert('a')], stop.signal))).toBe(reason);
    expect(server.requests).toHaveLength(1);
  });
});

/* An address that is none is refused with what to do, and no schema throws. */

const OPTIONS: Readonly<Record<string, (url: string) => unknown>> = {
  'webhook url': (url) => alertWebhook.config.safeParse({ url, secretEnv: 'HTTP_SECRET' }).error?.issues,
  'pagerduty url': (url) => pagerduty.config.safeParse({ url, routingKeyEnv: 'HTTP_SECRET' }).error?.issues,
  'alertmanager urls': (url) => alertmanager.config.safeParse({ urls: [url] }).error?.issues,
  'alertmanager generatorUrl': (generatorUrl) => alertmanager.config.safeParse({ urls: ['http://am:9093'], generatorUrl }).error?.issues,
};
const NO_ADDRESSES = ['example.com/a', 'notaurl', '127.0.0.1:8080/x', 'localhost:9093', '', 'http://', 'http://a b', 'https:/a', 'ftp://a'];

describe.each(Object.keys(OPTIONS))('%s', (name) => {
  it.each(NO_ADDRESSES)('%j is no address, and nothing else is said of it', (url) => {
    expect(OPTIONS[name]?.(url)).toEqual([
      expect.objectContaining({ message: 'is no address: begin with http:// or https:// and a host' }),
    ]);
  });

  it('that is missing or a number is not called an address', () => {
    expect(JSON.stringify(OPTIONS[name]?.(5 as never))).toContain('expected string');
  });
});

it.each(NO_ADDRESSES.filter((url) => url !== '' && url !== 'https:/a'))(
  'slack refuses a variable that holds %j, and says what to do',
  (value) => {
    process.env['HTTP_SLACK'] = value;
    expect(() => make(slack, { urlEnv: 'HTTP_SLACK' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/HTTP_SLACK holds (no address|an address that is not https)/),
        remedy: expect.stringContaining('beginning with https://'),
      }),
    );
  },
);

it('slack is not told by the end of its address, which is the secret alone', async () => {
  const server = await serve(({ url }, response) => response.writeHead(403).end(`no token ${url.split('/').at(-1)}`));
  const sink = SINKS['slack'] as NonNullable<(typeof SINKS)[string]>;
  expect((await refusal(sink(server.url).send([alert('a')], never))).message).toContain('HTTP 403: no token …. Make');
});

describe.each(['webhook', 'pagerduty'])('%s', (name) => {
  const sinkOver = SINKS[name] as NonNullable<(typeof SINKS)[string]>;
  const names = (body: string): string => /"fingerprint":"(\w+)"/.exec(body)?.[1] ?? '';

  it('goes on behind a message that is refused for what it is, and names it at the end', async () => {
    const server = await serve(({ body }, response) => response.writeHead(names(body) === 'bad' ? 400 : 202).end());
    const error = await refusal(
      sinkOver(server.url).send(
        ['a', 'bad', 'b'].map((each) => alert(each)),
        never,
      ),
    );
    expect(server.requests.map(({ body }) => names(body))).toEqual(['a', 'bad', 'b']);
    expect(error.message).toMatch(/^1 of 3 refused \(bad\): /);
  });

  it.each([401, 404, 429, 503])('sends nothing behind one that met HTTP %i: the next would, too', async (status) => {
    const server = await serve((_, response) => response.writeHead(status).end());
    await refusal(
      sinkOver(server.url).send(
        ['a', 'b', 'c'].map((each) => alert(each)),
        never,
      ),
    );
    expect(server.requests.map(({ body }) => names(body))).toEqual(['a']);
  });
});
