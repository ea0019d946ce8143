import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { use } from '@auspex/core';
import { SeededRandom } from '@auspex/numerics';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assessSurges, type ReplayReport, replay, reportHtml, reportTerminal, type SurgeSeries } from '../src/index.ts';
import { MINUTE, periodic, requests, T0, traceConfig } from './traces.ts';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const present = existsSync(executable);

/** A replay with a sweep and a suggestion, and surges of a forecaster that knows the chance. */
async function made(): Promise<ReplayReport> {
  const random = new SeededRandom(4);
  const counts = Array.from({ length: 500 }, (_, i) => Math.round(600 * (1 + 0.6 * Math.sin(i / 40) + 0.1 * random.normal())));
  const { report } = await replay({
    config: traceConfig({ events: requests(counts) }, { predictors: [use(periodic, { period: 10 })] }),
    title: 'sweep',
    source: 'made up',
    from: T0 + 60 * MINUTE,
    sweep: { hpa: { targets: [0.4, 0.6, 0.8], stabilisationMs: [5 * MINUTE], mins: [1] } },
    suggest: 0.5,
  });
  const probability = Array.from({ length: 40 * 24 }, () => random.next() ** 2);
  const series: SurgeSeries = {
    pool: 'web',
    at: probability.map((_, t) => T0 + t * 60 * MINUTE),
    stepMs: 60 * MINUTE,
    demand: probability.map((p) => (random.next() < p ? 2 : 0)),
    reference: probability.map(() => 1),
    probability,
    leadMs: 0,
    windowMs: 60 * MINUTE,
  };
  return { ...report, surge: assessSurges([series], { draws: 200 }) };
}

describe('the surges of a report', () => {
  it('are told, or why they cannot be', async () => {
    const report = await made();
    const text = reportTerminal(report, { color: false, width: 100 });
    expect(text).toMatch(/Surge probabilities: \d+ episodes, [\d.]+ % of 960 steps before one\n {2}Brier 0\.\d+; better than the hour/);
    expect(text).toMatch(/at most 1 false alarm a pool and week: /);
    const few = { ...report, surge: { assessable: false, episodes: 3, why: 'not assessable: 3 surge episodes' } as const };
    expect(reportTerminal(few, { color: false, width: 100 })).toContain('Surge probabilities: not assessable: 3 surge episodes.');
    expect(reportHtml(few)).not.toContain('id="reliability"');
    const { surge: _none, ...without } = report;
    expect(reportHtml(without)).not.toContain('id="surges"');
    expect(reportTerminal(without, { color: false, width: 100 })).not.toContain('Surge probabilities');
  });
});

describe.skipIf(!present)('the sweep of a report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auspex-sweep-'));
  const file = join(folder, 'report.html');
  const complaints: string[] = [];
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(file, reportHtml(await made()));
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url())) complaints.push(`asked the network for ${request.url()}`);
    });
    await page.goto(pathToFileURL(file).href);
    await painted();
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  const painted = (): Promise<unknown> =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))');
  const picture = (): Promise<string> => page.evaluate(`document.querySelector('#sweep-chart canvas').toDataURL()`);
  const tip = (): Promise<string | null> => page.locator('#sweep-tip').textContent();

  it('draws every candidate, and names the one under the pointer', async () => {
    const dots = (await page.evaluate('JSON.parse(document.getElementById("data").textContent).sweep.points')) as { text: string }[];
    expect(dots).toHaveLength(19);
    const before = await picture();
    expect(await tip()).toBe('');
    const box = (await page.locator('#sweep-chart .u-over').boundingBox()) as { width: number; height: number };
    const named = new Set<string>();
    for (let x = 0.1; x < 1; x += 0.05) {
      for (const y of [0.3, 0.6, 0.9]) {
        await page.hover('#sweep-chart .u-over', { position: { x: box.width * x, y: box.height * y } });
        named.add((await tip()) ?? '');
      }
    }
    named.delete('');
    expect(named.size).toBeGreaterThan(3);
    for (const text of named) expect(dots.map((dot) => dot.text)).toContain(text);
    await page.focus('#sweep-chart');
    for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowLeft');
    expect(await tip()).toBe(dots[0]?.text);
    await page.keyboard.press('ArrowRight');
    expect(await tip()).toBe(dots[1]?.text);
    await painted();
    expect(await picture()).not.toBe(before);
  });

  it('has the tables, the suggestion and the reliability diagram', async () => {
    expect(await page.locator('#sweep-all tbody tr').count()).toBe(19);
    expect(await page.locator('#sweep-prices tbody tr').count()).toBe(12);
    expect(await page.locator('#sweep-frontier tbody tr').count()).toBeGreaterThan(0);
    expect(await page.locator('#suggestion').textContent()).toContain('Nothing to suggest yet');
    expect(await page.locator('#reliability circle').count()).toBe(10);
    expect(await page.locator('#reliability circle title').first().textContent()).toMatch(/^said 0\.0.* came 0\.\d+ \(/);
  });

  it('follows the colour scheme, fits a phone, and complains of nothing', async () => {
    const light = await picture();
    await page.emulateMedia({ colorScheme: 'dark' });
    await painted();
    expect(await picture()).not.toBe(light);
    await page.setViewportSize({ width: 390, height: 800 });
    await painted();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(complaints).toEqual([]);
  });
});
