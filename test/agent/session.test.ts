import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionAnswer, SessionPod } from '../../src/agent/session.ts';
import { answerLine, runSession } from '../../src/agent/session.ts';
import { contractOf } from '../postgres/support/contract.ts';

let pod: SessionPod;
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-session-'));
  pod = {
    contract: contractOf({
      ...{ set: 'orders', major: 15, serverPort: 5432, agentPort: 8080, store: null, backup: null },
      ...{ dataDirectory: join(directory, 'pgdata'), dataMount: directory },
    }),
    edges: {
      environment: {},
      shared: directory,
      liveSettings: directory,
      replicationSecret: directory,
      pod: 'orders-1',
    },
  };
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('a line of a session', () => {
  it('is the words of a command, which ends as its process would', async () => {
    expect(await answerLine('["follow","orders-0","2"]', pod)).toEqual({ code: 0, out: '', error: '' });
    expect(await answerLine('["rebuilding"]', pod)).toEqual({
      code: 0,
      out: '{"order":null,"outcome":null}\n',
      error: '',
    });
  });

  it.each([
    ['["restore"]', 'a session knows no command "restore"; wanted one of position, stopped, promote'],
    ['{"position":1}', 'a session was sent {"position":1}; wanted a list of words: ["position"]'],
    ['[1]', 'a session was sent [1]; wanted a list of words'],
    ['position', 'not valid JSON'],
    ['["stopped"]', 'no such file or directory'],
  ])('%s is answered with why not', async (line, words) => {
    const answer = await answerLine(line, pod);
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.error).toContain(words);
  });
});

describe('a session', () => {
  const run = (input: PassThrough, patienceMs?: number): { said: SessionAnswer[]; ended: Promise<void> } => {
    const said: SessionAnswer[] = [];
    const ended = runSession(input, pod, (line) => said.push(JSON.parse(line) as SessionAnswer), patienceMs);
    return { said, ended };
  };

  it('answers one line after the other, goes on behind one that failed, and ends with its input', async () => {
    const input = new PassThrough();
    const { said, ended } = run(input);
    input.end('["stopped"]\nnonsense\n["follow","orders-0","2"]\n["rebuilding"]');
    await ended;
    expect(said.map(({ code }) => code)).toEqual([1, 1, 0, 0]);
  });

  it('ends where nobody asks anything any more', async () => {
    const { said, ended } = run(new PassThrough(), 10);
    await ended;
    expect(said).toEqual([]);
  });
});
