import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveCommands } from '../../src/agent/command-service.ts';
import { createLog } from '../../src/agent/log.ts';
import type { SessionAnswer } from '../../src/agent/session.ts';
import { eventually } from '../support/postgres-server.ts';
import { contractOf } from '../postgres/support/contract.ts';

const script = join(import.meta.dirname, '../../src/agent/scripts/session.sh');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-commands-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The real script, with the real service in this process: whoever answers in its place says so. */
async function session(lines: readonly string[]): Promise<readonly SessionAnswer[]> {
  const child = spawn('sh', [script, join(directory, 'commands'), 'sed', 's/.*/{"code":0,"out":"a process"}/']);
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const said = await text(child.stdout);
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SessionAnswer);
}

describe('the commands of a session', () => {
  it('are carried out by the agent that runs, also of several sessions at once, and by a process where it has ended', async () => {
    const stop = new AbortController();
    const contract = contractOf({
      ...{ set: 'orders', major: 15, serverPort: 5432, agentPort: 8080, store: null, backup: null },
      ...{ dataDirectory: join(directory, 'pgdata'), dataMount: directory },
    });
    const edges = {
      environment: {},
      shared: directory,
      liveSettings: directory,
      replicationSecret: directory,
      pod: 'orders-1',
    };
    // What an agent before this one left must not be done by this one.
    mkdirSync(join(directory, 'commands', 'request'), { recursive: true });
    writeFileSync(join(directory, 'commands', 'request', 'old.1'), '["follow","orders-7","9"]\n');
    const served = serveCommands({ contract, edges }, createLog('silent'), stop.signal);
    await eventually('the folder is there', () => existsSync(join(directory, 'commands', 'answer')));
    const answers = await Promise.all(
      ['2', '3'].map((timeline) =>
        session([`["follow","orders-0","${timeline}"]`, 'nonsense', '["stopped"]', '["rebuilding"]']),
      ),
    );
    for (const [followed, nonsense, stopped, rebuilding] of answers) {
      expect(followed).toEqual({ code: 0, out: '', error: '' });
      expect(nonsense?.error).toContain('not valid JSON');
      expect(stopped?.error).toContain('pg_control');
      expect(rebuilding?.out).toBe('{"order":null,"outcome":null}\n');
    }
    expect(await readdir(join(directory, 'commands', 'answer'))).toEqual([]);
    expect(await readdir(join(directory, 'commands', 'request'))).toEqual([]);
    stop.abort();
    await served;
    expect(await session(['["rebuilding"]'])).toEqual([{ code: 0, out: 'a process' }]);
  });
});
