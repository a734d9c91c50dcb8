import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Overview } from '../../src/page/overview.ts';
import { createLog } from '../../src/server/log.ts';
import { listen } from '../../src/server/listen.ts';
import { createPageApp } from '../../src/server/page-app.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { aSet, manySets, now, sample } from './support/sample.ts';

describe.skipIf(missingTools('chromium'))('in a real browser', () => {
  let overview: Overview = sample();
  let server: Server;
  let browser: Browser;
  let page: Page;
  let address: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = createServer(createPageApp(() => overview, createLog('error')));
    address = `http://127.0.0.1:${String(await listen(server, { host: '127.0.0.1', port: 0 }))}/`;
    // Its own sandbox wants another user than root, and this page is ours.
    browser = await chromium.launch({ executablePath: requireTool('chromium'), args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await (browser as Browser | undefined)?.close();
    server.close();
  });

  async function show(width: number, query = ''): Promise<void> {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${address}${query}`);
  }

  test.each([1280, 800, 390])(
    'at %s pixels nothing stands outside of the window, and the browser complains of nothing',
    async (width) => {
      overview = sample({
        sets: {
          kind: 'known',
          at: now,
          sets: [
            ...manySets(20),
            aSet({ namespace: 'n'.repeat(63), name: 's'.repeat(63), safe: false, reasons: ['r'.repeat(500)] }),
          ],
        },
      });
      await show(width);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(complaints).toEqual([]);
    },
  );

  test('the style is applied under the policy: bad is red, and the bars have the widths that they were given', async () => {
    overview = sample();
    await show(1280);
    const colour = await page.evaluate("getComputedStyle(document.querySelector('td.bad')).color");
    expect(colour).toBe('rgb(176, 0, 32)');
    const widths = await page.evaluate(
      "[...document.querySelectorAll('svg .window')].map((bar) => bar.getBoundingClientRect().width)",
    );
    expect(widths).toEqual([120, 240]);
  });

  test('links choose, without a script', async () => {
    await show(1280);
    await page.getByText('what is not safe').click();
    expect(await page.locator('tbody').first().innerText()).not.toContain('orders');
    await page.getByRole('link', { name: 'all', exact: true }).click();
    await page.getByRole('link', { name: 'shop' }).first().click();
    expect(await page.locator('p strong').innerText()).toBe('4 sets, 2 NOT safe');
    expect(await page.locator('svg[role=img]').count()).toBe(2);
    expect(await page.title()).toBe('pgusher: 2 NOT safe');
  });

  test('what a person with a screen reader is told of a picture is the window in words', async () => {
    const picture = page.locator('svg').first();
    expect(await picture.locator('title').textContent()).toMatch(/^from 2026-11-\d\dT.* to 2026-11-29T12:00:00.000Z$/);
  });

  test('names that are HTML are text', async () => {
    const name = '<img src=x onerror=document.title=1>';
    overview = sample({ sets: { kind: 'known', at: now, sets: [aSet({ name })] } });
    await show(1280);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.getByText(name).count()).toBe(1);
    expect(complaints).toEqual([]);
  });
});
