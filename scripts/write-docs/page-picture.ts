import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { createLog } from '../../src/server/log.ts';
import { listen } from '../../src/server/listen.ts';
import { createPageApp } from '../../src/server/page-app.ts';
import { sample } from '../../test/page/support/sample.ts';

/** docs/page.png: the page with four made-up sets, as Chromium of the distribution shows it. Bytes differ from one release of it to another. */
const server = createServer(createPageApp(() => sample(), createLog('error')));
const port = await listen(server, { host: '127.0.0.1', port: 0 });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1100, height: 600 } });
await page.goto(`http://127.0.0.1:${String(port)}/`);
await page.screenshot({ path: join(import.meta.dirname, '..', '..', 'docs', 'page.png'), fullPage: true });
await browser.close();
server.close();
