import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { isObject, objectsAt } from '../../src/workload/json.ts';
import { root } from './support/run-pgusher.ts';

const manifest = join(root, 'certs/webhooks.yaml');
const manifestBefore = existsSync(manifest) ? readFileSync(manifest) : undefined;

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  // Somebody may have a webhook running from this checkout.
  if (manifestBefore === undefined) rmSync(manifest, { force: true });
  else writeFileSync(manifest, manifestBefore);
});

interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
}

function start(listen: string): Demo {
  const child = spawn(process.execPath, [join(root, 'scripts/start.ts'), listen], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return { child, output: () => output, errors: () => errors };
}

async function untilServing({ child, output, errors }: Demo): Promise<void> {
  while (!output().includes('Ctrl-C stops it')) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${errors()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('npm start admits the examples over TLS, says what was done and why, and stops cleanly with Ctrl-C', async () => {
  const demo = start('localhost:0');
  await untilServing(demo);
  const port = /^pgusher listens on https:\/\/localhost:(\d+) /.exec(demo.output())?.[1];
  expect(port).toBeDefined();
  expect(demo.output()).toMatch(
    /\nStatefulSet default\/[a-z-]+ {2}examples\/minimal\.yaml[^\n]*\ninjected \(\d+ changes, answered twice over TLS in [\d.]+ ms\)\n/,
  );
  expect(demo.output()).toMatch(/\n {2}containers {2,}pgusher-backup, pgusher-restore, pgusher-initdb\n/);
  expect(demo.output()).toMatch(/\n {2}pre-stop-hook {2,}checkpoint/);
  expect(demo.output()).toMatch(
    /\n.* {2}examples\/unsafe\/[a-z-]+\.yaml\nrefused\n {2}StatefulSet \S+: \d+ problems?: /,
  );

  const caBundle = readFileSync(join(root, 'certs/ca.crt')).toString('base64');
  const written = readManifests(readFileSync(manifest, 'utf8'));
  const webhooks =
    written.kind === 'read'
      ? written.documents.flatMap(({ value }) => objectsAt(isObject(value) ? value : {}, 'webhooks'))
      : [];
  expect(webhooks.map((webhook) => webhook['clientConfig'])).toEqual([
    { url: `https://localhost:${port}/mutate`, caBundle },
    ...webhooks.slice(1).map(() => ({ url: `https://localhost:${port}/validate`, caBundle })),
  ]);
  expect(webhooks.length).toBeGreaterThanOrEqual(2);

  demo.child.kill('SIGINT');
  expect(await once(demo.child, 'exit')).toEqual([0, null]);
  expect(demo.output().endsWith('Ctrl-C stops it. Each review is a line below.\n\nStopped.\n')).toBe(true);
  expect(demo.errors()).toBe('');
});

test('a port that is in use is said in one line, with another way', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const demo = start(`127.0.0.1:${port}`);
  expect(await once(demo.child, 'close')).toEqual([2, null]);
  expect(demo.errors()).toBe(
    `127.0.0.1:${port} is in use by another process\nTo listen elsewhere: npm start -- localhost:10251\n`,
  );
  other.close();
});
