import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cache } from '../../scripts/cluster/kubernetes.ts';
import { createAuthority, issueServingCertificate } from '../../src/certificates/authority.ts';
import { sharedKeyAuthorization } from '../../src/store/object/azure/shared-key.ts';
import { freePort } from './free-port.ts';

export const azuriteVersion = '3.37.0';
const run = promisify(execFile);

/** Microsoft's test server for Azure Storage, over TLS. */
export interface AzureServer {
  readonly origin: string;
  /** PEM file of the authority. */
  readonly ca: string;
  readonly account: string;
  readonly key: string;
  /** `AZURE_STORAGE_KEY`. */
  readonly keys: Readonly<Record<string, string>>;
  createContainer(name: string): Promise<void>;
  /** A signature for all of the account's blobs with these rights (`rwdl…`), which ends then. */
  signature(rights: string, ends: Date): string;
  /** As the account: for what a place does not do. Answers status and body. */
  ask(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<{ readonly status: number; readonly body: string }>;
  /** Killed: what it holds is on the disk, where it was told to keep it. */
  stop(): Promise<void>;
}

/** @param data where it keeps what it has, and has it again when it is started there once more; a directory of its own where nothing is given. */
export async function startAzureServer(
  options: { readonly directory?: string; readonly port?: number } = {},
): Promise<AzureServer> {
  const program = await azurite();
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'pgusher-azure-'));
  const port = options.port ?? (await freePort());
  const file = (name: string): string => join(directory, name);
  mkdirSync(file('data'), { recursive: true });
  writeCertificate(file);
  const account = 'pgusher';
  const key = createHash('sha256').update('of this test').digest('base64');
  const log = openSync(file('log'), 'a');
  const child = spawn(
    process.execPath,
    [
      program,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', file('data')],
      ...['--cert', file('tls.crt'), '--key', file('tls.key'), '--oauth', 'basic'],
      ...['--silent', '--disableTelemetry'],
    ],
    { stdio: ['ignore', log, log], env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` } },
  );
  closeSync(log);
  // A thousand blobs are not a thousand handshakes.
  const agent = new Agent({ keepAlive: true, ca: readFileSync(file('ca.crt')) });
  const server: AzureServer = {
    origin: `https://127.0.0.1:${port}`,
    ca: file('ca.crt'),
    account,
    key,
    keys: { AZURE_STORAGE_KEY: key },
    createContainer: async (name) => {
      const made = await server.ask('PUT', `/${name}?restype=container`);
      if (made.status !== 201) {
        throw new Error(`no container: ${made.status} ${made.body}`);
      }
    },
    signature: (rights, ends) => accountSignature(account, key, rights, ends),
    ask: (method, path, headers = {}, body = '') => {
      const url = new URL(`${server.origin}/${account}${path}`);
      const signed: Record<string, string> = {
        ...headers,
        'content-length': String(Buffer.byteLength(body)),
        'x-ms-date': new Date().toUTCString(),
        'x-ms-version': '2023-11-03',
      };
      const authorization = sharedKeyAuthorization(account, Buffer.from(key, 'base64'), {
        method,
        url,
        headers: signed,
      });
      return send(url, method, { ...signed, authorization }, body, agent);
    },
    stop: async () => {
      agent.destroy();
      await ended(child);
      if (options.directory === undefined) {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
  while (!(await answers(server))) {
    if (child.exitCode !== null) {
      throw new Error(`azurite did not start: ${readFileSync(file('log'), 'utf8').slice(-2000)}`);
    }
    await pause(50);
  }
  return server;
}

/** Path of the program, which is installed where it is not there yet. */
export async function azurite(): Promise<string> {
  const directory = join(cache, 'azurite', azuriteVersion);
  await run('sh', [join(import.meta.dirname, 'install-azurite.sh'), directory, azuriteVersion], { maxBuffer: 2 ** 26 });
  return join(directory, 'node_modules/azurite/dist/src/blob/main.js');
}

/** Azure Storage REST, "Create an account SAS", version 2020-12-06 and later. */
function accountSignature(account: string, key: string, rights: string, ends: Date): string {
  const until = `${ends.toISOString().slice(0, 19)}Z`;
  const [version, services, types, protocol] = ['2023-11-03', 'b', 'sco', 'https'];
  // Empty: the start, addresses that may ask, the encryption scope.
  const signed = [account, rights, services, types, '', until, '', protocol, version, '', ''].join('\n');
  const sig = createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64');
  const query = { sv: version, ss: services, srt: types, sp: rights, se: until, spr: protocol, sig };
  return new URLSearchParams(query).toString();
}

function writeCertificate(file: (name: string) => string): void {
  const now = new Date();
  const authority = createAuthority('a test server for Azure', { now, days: 2 });
  const serving = issueServingCertificate(
    authority,
    { dnsNames: ['localhost'], addresses: ['127.0.0.1'] },
    { now, days: 2 },
  );
  writeFileSync(file('ca.crt'), authority.certificate);
  writeFileSync(file('tls.crt'), serving.certificate);
  writeFileSync(file('tls.key'), serving.key, { mode: 0o600 });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exit;
  }
}

async function answers(server: AzureServer): Promise<boolean> {
  try {
    await server.ask('GET', '/?comp=list');
    return true;
  } catch {
    return false;
  }
}

function send(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  agent: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(pieces).toString() });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
