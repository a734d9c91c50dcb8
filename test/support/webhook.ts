import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { developmentCertificate } from '../../src/certificates/development.ts';
import type { DevelopmentCertificate } from '../../src/certificates/development.ts';
import { serve } from '../../src/commands/serve.ts';
import type { Served } from '../../src/commands/serve.ts';
import { createLog } from '../../src/server/log.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A server of this process, over real TLS, with the lines of its log. */
export interface TestWebhook {
  readonly port: number;
  readonly authority: string;
  readonly files: DevelopmentCertificate;
  readonly served: Served;
  post(
    path: string,
    body: string | Buffer,
    headers?: Readonly<Record<string, string>>,
    method?: string,
  ): Promise<Reply>;
  connect(): Promise<TLSSocket>;
  /** What was logged so far, parsed. */
  logged(): readonly Readonly<Record<string, unknown>>[];
  stop(): void;
}

export async function startWebhook(config?: string): Promise<TestWebhook> {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-webhook-'));
  const files = developmentCertificate(directory, new Date());
  const authority = readFileSync(files.authority, 'utf8');
  const logFile = openSync(join(directory, 'log'), 'w');
  const log = createLog('info', logFile);
  const served = await serve({
    listen: '127.0.0.1:0',
    certificates: { kind: 'files', certificate: files.certificate, key: files.key },
    ca: files.authority,
    config,
    log,
  });
  const agent = new Agent({ ca: authority, servername: 'localhost', keepAlive: true });
  return {
    port: served.port,
    authority,
    files,
    served,
    post: (path, body, headers = { 'content-type': 'application/json' }, method = 'POST') =>
      exchange(agent, served.port, method, path, body, headers),
    connect: () => openConnection(served.port, authority),
    logged: () => {
      log.flush();
      const lines = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    },
    stop: () => {
      agent.destroy();
      served.close();
      closeSync(logFile);
      rmSync(directory, { recursive: true });
    },
  };
}

export async function openConnection(port: number, authority: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority, servername: 'localhost' }, () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.on('error', reject);
  });
}

async function exchange(
  agent: Agent,
  port: number,
  method: string,
  path: string,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const call = request(
      { agent, host: '127.0.0.1', port, method, path, headers: { 'content-length': length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          });
        });
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
