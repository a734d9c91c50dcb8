import { rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { chmod } from 'node:fs/promises';
import { messageOf } from './status-report.ts';
import type { Demand, DemandAnswer } from './demand.ts';

export interface Demands {
  readonly backups: Demand;
  /** Names of databases; empty: all. */
  readonly dumps: Demand<readonly string[]>;
  /** Why no dump can be made here now; null: one can. Nobody would come for a wish. */
  readonly whyNoDump: () => string | null;
}

/**
 * `backup now` and `dump` reach the running agent over a unix socket on the pod's own volume: who may open it is the same user in
 * the same pod. The HTTP port of the pod's network changes nothing.
 */
export async function startDemandSocket(path: string, demands: Demands): Promise<{ close(): Promise<void> }> {
  await rm(path, { force: true });
  const server = createServer((incoming, response) => {
    const asked = incoming.method === 'POST' ? ask(incoming.url ?? '', demands) : undefined;
    if (asked === undefined) {
      response.writeHead(404).end();
      return;
    }
    void asked.then((answer) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  // A backup takes as long as it takes.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function ask(url: string, { backups, dumps, whyNoDump }: Demands): Promise<DemandAnswer> | undefined {
  const { pathname, searchParams } = new URL(url, 'http://agent');
  switch (pathname) {
    case '/backup':
      return backups.ask(undefined);
    case '/dump': {
      const reason = whyNoDump();
      return reason === null
        ? dumps.ask(searchParams.getAll('database'))
        : Promise.resolve({ kind: 'failed', message: `no dump was made: ${reason}` });
    }
    default:
      return undefined;
  }
}

/** Asks the running agent for a base backup and waits until it is listed. Never throws: what went wrong is an answer. */
export async function askForBackup(path: string): Promise<DemandAnswer> {
  return askAt(path, '/backup', 'backup now');
}

/** The same for a dump of these databases, or of all. */
export async function askForDump(path: string, databases: readonly string[]): Promise<DemandAnswer> {
  const query = new URLSearchParams();
  for (const name of databases) query.append('database', name);
  return askAt(path, `/dump?${query.toString()}`, 'dump');
}

async function askAt(path: string, url: string, command: string): Promise<DemandAnswer> {
  return new Promise((resolve) => {
    const asked = request({ socketPath: path, path: url, method: 'POST' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve(readAnswer(text));
      });
      response.once('error', (error) => {
        resolve({ kind: 'failed', message: error.message });
      });
    });
    asked.once('error', (error) => {
      resolve({
        kind: 'failed',
        message: `no agent answers at ${path} (${messageOf(error)}); wanted the container pgusher-backup, running: kubectl exec POD -c pgusher-backup -- pgusher-agent ${command}`,
      });
    });
    asked.end();
  });
}

function readAnswer(text: string): DemandAnswer {
  const answer: unknown = JSON.parse(text === '' ? '{}' : text);
  if (typeof answer === 'object' && answer !== null) {
    if ('id' in answer && typeof answer.id === 'string') {
      return { kind: 'taken', id: answer.id };
    }
    if ('message' in answer && typeof answer.message === 'string') {
      return { kind: 'failed', message: answer.message };
    }
  }
  return { kind: 'failed', message: 'the agent ended before it was complete' };
}
