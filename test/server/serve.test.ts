import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'node:https';
import { afterAll, describe, expect, test } from 'vitest';
import { createAuthority, issueServingCertificate } from '../../src/certificates/authority.ts';
import { developmentCertificate } from '../../src/certificates/development.ts';
import { reviewOf } from '../support/review.ts';
import { openConnection } from '../support/webhook.ts';

/** The command as a process of its own. */
const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const directory = mkdtempSync(join(tmpdir(), 'pgusher-serve-'));
const files = developmentCertificate(directory, new Date());
const authority = readFileSync(files.authority, 'utf8');
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
  /** Lines of the log, parsed. */
  logged(): readonly Readonly<Record<string, unknown>>[];
  /** Resolves when a line with this message is there. */
  logs(message: string): Promise<void>;
  /** Resolves to the port. */
  listening(): Promise<number>;
}

function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, 'serve', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const logged = (): readonly Readonly<Record<string, unknown>>[] =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return {
    process: child,
    ended: new Promise((resolve) =>
      child.on('close', (code) => {
        resolve({ code, stderr });
      }),
    ),
    logged,
    logs: async (message) => {
      for (let round = 0; round < 600; round += 1) {
        if (logged().some(({ msg }) => msg === message)) return;
        await sleep(100);
      }
      throw new Error(`never logged: ${message}`);
    },
    listening: async () => {
      for (let round = 0; round < 3000; round += 1) {
        const port = logged().find(({ msg }) => msg === 'listening')?.['port'];
        if (typeof port === 'number') return port;
        await sleep(20);
      }
      throw new Error(`not listening: ${stdout}${stderr}`);
    },
  };
}

const certificateFlags = ['--certificate', files.certificate, '--key', files.key] as const;
const listenAnywhere = ['--listen', '127.0.0.1:0'] as const;

const review = JSON.stringify(reviewOf());

async function post(agent: Agent, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/mutate',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve(`${String(response.statusCode)} ${text.slice(0, 20)}`);
        });
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(review);
  });
}

async function get(port: number, path: string): Promise<string> {
  const socket = await openConnection(port, authority);
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('close', () => {
      resolve(text);
    });
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  });
}

describe('what a person can put right is one line and exit code 2', () => {
  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { ended } = start('--listen', `127.0.0.1:${port}`, ...certificateFlags);
    const { code, stderr } = await ended;
    other.close();
    expect(code).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port} is in use by another process\n`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('an address that is none', async () => {
    const { code, stderr } = await start('--listen', 'here', ...certificateFlags).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('--listen is "here"; wanted HOST:PORT, such as 0.0.0.0:10250 or [::]:10250');
  });

  test('a key that belongs to another certificate', async () => {
    const other = issueServingCertificate(
      createAuthority('other', { now: new Date(), days: 1 }),
      { dnsNames: ['localhost'], addresses: [] },
      { now: new Date(), days: 1 },
    );
    const key = join(directory, 'other.key');
    writeFileSync(key, other.key);
    const { code, stderr } = await start(...listenAnywhere, '--certificate', files.certificate, '--key', key).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`${files.certificate} and ${key} are not a certificate and its key in PEM: `);
  });

  test('certificates that are kept in a cluster, where there is none', async () => {
    const { code, stderr } = await start(...listenAnywhere, '--built-in-certificates', 'pgusher.pgusher-system').ended;
    expect(code).toBe(2);
    expect(stderr).toBe(
      'built-in certificates are kept in a cluster, and this is in none; wanted --kubeconfig FILE, or --certificate and --key\n',
    );
  });

  test('a config file with errors: all of them', async () => {
    const config = join(directory, 'bad.yaml');
    writeFileSync(config, 'settings: { backup-keep: 1 }\nchecks: { modes: { fsync-of: warn } }\n');
    const { code, stderr } = await start(...listenAnywhere, ...certificateFlags, '--config', config).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(`${config} cannot be used:\n  1:13: settings.backup-keep is "1"; wanted `);
    expect(stderr).toContain('checks.modes names the check "fsync-of", which is not known; did you mean fsync-off?');
  });
});

test('ready through its CA, and not through another', async () => {
  const good = start(...listenAnywhere, ...certificateFlags, '--ca', files.authority);
  const other = join(directory, 'other-ca.crt');
  writeFileSync(other, createAuthority('other', { now: new Date(), days: 1 }).certificate);
  const bad = start(...listenAnywhere, ...certificateFlags, '--ca', other);
  expect(await get(await good.listening(), '/readyz')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\n$/);
  const answer = await get(await bad.listening(), '/readyz');
  expect(answer).toMatch(
    /^HTTP\/1\.1 503 [^]*not ready: the TLS handshake with itself: unable to verify the first certificate\n$/,
  );
  good.process.kill('SIGKILL');
  bad.process.kill('SIGKILL');
});

test('a renewed certificate serves new connections; those that are there go on', async () => {
  const pair = { certificate: join(directory, 'swap.crt'), key: join(directory, 'swap.key') };
  writeFileSync(pair.certificate, readFileSync(files.certificate));
  writeFileSync(pair.key, readFileSync(files.key));
  const server = start(...listenAnywhere, '--certificate', pair.certificate, '--key', pair.key);
  const port = await server.listening();
  const old = await openConnection(port, authority);

  const next = createAuthority('next', { now: new Date(), days: 1 });
  const renewed = issueServingCertificate(
    next,
    { dnsNames: ['localhost'], addresses: [] },
    { now: new Date(), days: 1 },
  );
  writeFileSync(pair.key, renewed.key);
  writeFileSync(pair.certificate, renewed.certificate);
  let serial: string | undefined;
  for (let round = 0; round < 600 && serial === undefined; round += 1) {
    await sleep(100);
    serial = await openConnection(port, next.certificate).then(
      (socket) => {
        const { serialNumber } = socket.getPeerCertificate();
        socket.destroy();
        return serialNumber;
      },
      () => undefined,
    );
  }
  expect(serial).toMatch(/^[0-9A-F]{32}$/);
  const notAfter = new X509Certificate(renewed.certificate).validToDate.toISOString();
  await server.logs('certificate read');
  expect(server.logged()).toContainEqual(
    expect.objectContaining({ level: 'info', msg: 'certificate read', path: pair.certificate, notAfter }),
  );
  const answer = new Promise<string>((resolve) =>
    old.once('data', (chunk: Buffer) => {
      resolve(chunk.toString());
    }),
  );
  old.write(
    `POST /mutate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${String(review.length)}\r\n\r\n${review}`,
  );
  expect(await answer).toMatch(/^HTTP\/1\.1 200 OK/);
  old.destroy();
  server.process.kill('SIGKILL');
});

test('a changed config file is used; a broken one changes nothing but a metric', async () => {
  const config = join(directory, 'live.yaml');
  writeFileSync(config, '');
  const server = start(...listenAnywhere, ...certificateFlags, '--config', config);
  const port = await server.listening();
  const agent = new Agent({ ca: authority, servername: 'localhost' });
  expect(await post(agent, port)).toMatch(/^200 /);
  writeFileSync(config, 'log-level: debgu\n');
  await server.logs('configuration not usable, the last good one stays');
  expect(await get(port, '/metrics')).toContain('\npgusher_configuration_last_read_successful 0\n');
  expect(await get(port, '/readyz?verbose')).toMatch(
    /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok\nconfiguration \S*live\.yaml: 1:1: log-level is "debgu"; wanted debug, info, warn or error; the last good one is in use\n/,
  );
  writeFileSync(config, 'checks: { modes: { image-major-only: off } }\nlog-level: info\n');
  await server.logs('configuration read');
  expect(await get(port, '/metrics')).toContain('\npgusher_configuration_last_read_successful 1\n');
  expect(await get(port, '/readyz?verbose')).not.toContain('configuration');
  server.process.kill('SIGKILL');
});

test('an exemption that has ended is said when the file is read, at start and later', async () => {
  const config = join(directory, 'exemptions.yaml');
  const entry = '{ check: fsync-off, namespace: ci, name: scratch, reason: speed, until: 2020-12-31 }';
  writeFileSync(config, `checks: { exemptions: [${entry}] }\n`);
  const server = start(...listenAnywhere, ...certificateFlags, '--config', config);
  const message = 'an exemption has ended and counts for nothing';
  await server.logs(message);
  const said = {
    level: 'warn',
    msg: message,
    check: 'fsync-off',
    namespace: 'ci',
    name: 'scratch',
    until: '2020-12-31',
  };
  expect(server.logged()).toContainEqual(expect.objectContaining(said));
  writeFileSync(config, `checks: { exemptions: [${entry.replace('scratch', 'other')}] }\n`);
  await server.logs('configuration read');
  expect(server.logged()).toContainEqual(expect.objectContaining({ ...said, name: 'other' }));
  expect(server.logged().filter(({ msg }) => msg === message)).toHaveLength(2);
  server.process.kill('SIGKILL');
});

describe('stopping', () => {
  test('under load no call is lost, and the exit code is 0', async () => {
    const config = join(directory, 'drain.yaml');
    writeFileSync(config, 'drain-seconds: 4\n');
    const server = start(...listenAnywhere, ...certificateFlags, '--config', config);
    const port = await server.listening();
    const agent = new Agent({ ca: authority, servername: 'localhost', keepAlive: true, maxSockets: 8 });
    const results: string[] = [];
    let isOver = false;
    // As kube-proxy: the endpoint goes away some time after the signal, and until then calls go on.
    const client = async (): Promise<void> => {
      while (!isOver) {
        results.push(await post(agent, port).catch((error: unknown) => String(error)));
        await sleep(5);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const more = async (count: number): Promise<void> => {
      const wanted = results.length + count;
      while (results.length < wanted) await sleep(20);
    };
    await more(50);
    const idle = await openConnection(port, authority);
    idle.on('error', () => undefined);
    server.process.kill('SIGTERM');
    await server.logs('stopping');
    expect(await get(port, '/readyz')).toMatch(/^HTTP\/1\.1 503 [^]*not ready: stopping\n$/);
    await more(50);
    isOver = true;
    await Promise.all(clients);
    expect((await server.ended).code).toBe(0);
    expect(new Set(results.map((result) => result.slice(0, 3)))).toEqual(new Set(['200']));
    expect(server.logged().at(-1)).toMatchObject({ msg: 'stopped' });
    agent.destroy();
  });

  test('a second signal ends it at once', async () => {
    const server = start(...listenAnywhere, ...certificateFlags);
    await server.listening();
    server.process.kill('SIGINT');
    await server.logs('stopping');
    server.process.kill('SIGINT');
    expect((await server.ended).code).toBe(130);
  });
});
