import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS, reportHtml } from '../src/index.ts';
import { madeUp } from './made-up.ts';

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const present = existsSync(executable);
// On a developer's machine a missing browser is a reason to skip; where everything must be tested it is a failure.
if (!present) process.stderr.write(`the report is not tried in a browser: no ${executable} (set CHROMIUM)\n`);

it.runIf(process.env['CI'] === 'true')('has a browser in CI', () => {
  expect(present, executable).toBe(true);
});

describe.skipIf(!present)('the report in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auspex-report-'));
  const file = join(folder, 'report.html');
  const complaints: string[] = [];
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(file, reportHtml(madeUp()));
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

  /** uPlot draws in a microtask; two frames later all of it is on the canvas. */
  const painted = (): Promise<unknown> =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))');
  /** A digest of a chart's pixels, with the pointer away. */
  const picture = async (id: string): Promise<string> => {
    await page.mouse.move(0, 0);
    await painted();
    const pixels = (await page.evaluate(`document.querySelector('#${id} canvas').toDataURL()`)) as string;
    return createHash('sha1').update(pixels).digest('hex');
  };

  it('draws both charts', async () => {
    const colors = (await page.evaluate(`[...document.querySelectorAll('canvas')].map((canvas) => {
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return new Set(new Uint32Array(pixels.buffer)).size;
    })`)) as number[];
    expect(colors).toHaveLength(2);
    for (const count of colors) expect(count).toBeGreaterThan(20);
  });

  it('has a table with every metric', async () => {
    const keys = (await page.evaluate(
      `[...document.querySelectorAll('#policies th[data-metric]')].map((cell) => cell.dataset.metric)`,
    )) as string[];
    expect(keys).toEqual([...METRICS.map((entry) => entry.key), 'against']);
    expect(await page.locator('#policies tbody tr').count()).toBe(4);
  });

  it('changes the charts with pool and policies', async () => {
    const before = { demand: await picture('demand-chart'), fan: await picture('fan-chart') };
    await page.check('#run-2');
    await painted();
    const more = await picture('demand-chart');
    expect(more).not.toBe(before.demand);
    await page.selectOption('#pool', { label: 'search @ ATL' });
    await painted();
    expect(await picture('demand-chart')).not.toBe(more);
    // The second pool has a forecast as well.
    expect(await picture('fan-chart')).not.toBe(before.fan);
    expect(await page.evaluate('document.documentElement.dataset.pool')).toBe('search');
  });

  it('shows live values, zooms by keyboard and by drag, and resets by double click', async () => {
    await page.hover('#demand-chart .u-over', { position: { x: 400, y: 100 } });
    await expect.poll(() => page.locator('#demand-chart .u-legend').textContent()).toMatch(/2026-02-02 \d\d:\d\d/);
    const whole = await picture('demand-chart');
    await page.focus('#demand-chart');
    await page.keyboard.press('+');
    await painted();
    const zoomed = await picture('demand-chart');
    expect(zoomed).not.toBe(whole);
    await page.keyboard.press('ArrowRight');
    await painted();
    expect(await picture('demand-chart')).not.toBe(zoomed);
    await page.keyboard.press('0');
    await painted();
    expect(await picture('demand-chart')).toBe(whole);
    const box = (await page.locator('#demand-chart .u-over').boundingBox()) as { x: number; y: number };
    await page.mouse.move(box.x + 200, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await painted();
    expect(await picture('demand-chart')).not.toBe(whole);
    await page.dblclick('#demand-chart .u-over', { position: { x: 300, y: 60 } });
    expect(await picture('demand-chart')).toBe(whole);
  });

  it('follows the colour scheme and fits a phone', async () => {
    const light = await picture('demand-chart');
    await page.emulateMedia({ colorScheme: 'dark' });
    await painted();
    expect(await picture('demand-chart')).not.toBe(light);
    await page.setViewportSize({ width: 390, height: 800 });
    await painted();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  it('complains of nothing and asks no network', () => {
    expect(complaints).toEqual([]);
  });
});
