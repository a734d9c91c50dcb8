import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentCertificate } from '../../src/certificates/development.ts';
import { fileSource } from '../../src/certificates/file-source.ts';
import { createHttpsServer } from '../../src/server/https-server.ts';
import { limits } from '../../src/server/limits.ts';
import { listen } from '../../src/server/listen.ts';
import { createLog } from '../../src/server/log.ts';
import { reviewEndpoint } from '../../src/server/review-endpoint.ts';
import { Tally } from '../../src/server/tally.ts';
import { plainContext } from '../support/review.ts';
import { openConnection } from '../support/webhook.ts';

/** The limits of limits.ts, a twentieth of their time. */
const short = { ...limits, handshake: 500, headers: 500, request: 750, keepAlive: 6_000, checkInterval: 100 };

const directory = mkdtempSync(join(tmpdir(), 'pgusher-slow-'));
const files = developmentCertificate(directory, new Date());
const authority = readFileSync(files.authority, 'utf8');
const certificate = fileSource(files);
const review = reviewEndpoint('mutate', {
  context: () => plainContext,
  log: createLog('error', 2),
  tally: new Tally(),
  body: { bytes: limits.body, milliseconds: 300 },
});
const server = createHttpsServer({
  certificate,
  limits: short,
  hot: new Map([['/mutate', review]]),
  rest: (request, response) => {
    request.resume();
    request.on('end', () => response.end('done'));
  },
  leaving: () => false,
  onStart: () => undefined,
  onFinish: () => undefined,
});
let port = 0;
beforeAll(async () => {
  port = await listen(server, { host: '127.0.0.1', port: 0 });
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  certificate.stop();
  rmSync(directory, { recursive: true });
});

interface HangUp {
  readonly milliseconds: number;
  readonly text: string;
}

async function hangUpOf(socket: Socket, drip?: string): Promise<HangUp> {
  const began = performance.now();
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('error', () => undefined);
  const dripping = drip === undefined ? undefined : setInterval(() => socket.write(drip), 50);
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearInterval(dripping);
      resolve({ milliseconds: performance.now() - began, text });
    });
  });
}

test('a client that never begins its handshake is hung up on', async () => {
  const { milliseconds } = await hangUpOf(connect(port, '127.0.0.1'));
  expect(milliseconds).toBeGreaterThan(400);
  expect(milliseconds).toBeLessThan(short.keepAlive);
});

test('a client that is silent after its handshake is told 408', async () => {
  const { milliseconds, text } = await hangUpOf(await openConnection(port, authority));
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(milliseconds).toBeLessThan(short.keepAlive);
});

test('a client that drips its headers is told 408', async () => {
  const socket = await openConnection(port, authority);
  socket.write('POST /mutate HTTP/1.1\r\nhost: localhost\r\nx: ');
  const { milliseconds, text } = await hangUpOf(socket, 'a');
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(milliseconds).toBeLessThan(short.keepAlive);
});

test('a review that drips, and names no timeout, has the time that the server gives', async () => {
  const socket = await openConnection(port, authority);
  socket.write('POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n');
  const { milliseconds, text } = await hangUpOf(socket, 'a');
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*the body was not complete after 0\.3 s\n$/);
  expect(milliseconds).toBeLessThan(short.keepAlive);
});

test('a client that drips its body elsewhere is told 408', async () => {
  const socket = await openConnection(port, authority);
  socket.write('POST /elsewhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n');
  const { milliseconds, text } = await hangUpOf(socket, 'a');
  expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(milliseconds).toBeLessThan(short.keepAlive);
});

test('an idle connection that was used outlives the client that reuses it', async () => {
  const socket = await openConnection(port, authority);
  const ask = async (): Promise<string> => {
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    return new Promise((resolve) =>
      socket.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
      }),
    );
  };
  expect(await ask()).toMatch(/\r\nKeep-Alive: timeout=6\r\n/);
  await sleep(4500);
  expect(await ask()).toMatch(/^HTTP\/1\.1 200 OK/);
  socket.destroy();
});

test('kube-apiserver, which keeps idle connections for 90 s, never meets one that is being closed', () => {
  expect(limits.keepAlive).toBeGreaterThan(90_000);
});
