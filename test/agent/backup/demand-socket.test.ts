import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemand } from '../../../src/agent/backup/demand.ts';
import { askForDump, startDemandSocket } from '../../../src/agent/backup/demand-socket.ts';
import { runBackupNow } from '../../../src/agent/backup/run-backup-now.ts';

let shared = '';
beforeEach(async () => {
  shared = await mkdtemp(join(tmpdir(), 'pgusher-demand-'));
});
afterEach(async () => {
  await rm(shared, { recursive: true, force: true });
});

function lines(): { out: string[]; error: string[]; print: { out(line: string): void; error(line: string): void } } {
  const out: string[] = [];
  const error: string[] = [];
  return { out, error, print: { out: (line) => out.push(line), error: (line) => error.push(line) } };
}

describe('backup now', () => {
  it('waits for the backup and prints its id; all who ask at once get the same one', async () => {
    const demand = createDemand();
    const dumps = createDemand<readonly string[]>();
    const socket = await startDemandSocket(join(shared, 'agent.sock'), {
      backups: demand,
      dumps,
      whyNoDump: () => null,
    });
    expect((await stat(join(shared, 'agent.sock'))).mode & 0o777).toBe(0o600);
    const [one, two] = [lines(), lines()];
    const codes = Promise.all([runBackupNow(shared, one.print), runBackupNow(shared, two.print)]);
    const answers = [];
    while (answers.length < 2) {
      answers.push(...demand.take());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    answers.forEach(({ answer }) => {
      answer({ kind: 'taken', id: '20261121T071644Z_00000001_0000000002000028' });
    });
    expect(await codes).toEqual([0, 0]);
    expect([one.out, two.out]).toEqual(Array(2).fill(['20261121T071644Z_00000001_0000000002000028']));
    await socket.close();
  });

  it('says why there is none', async () => {
    const demand = createDemand();
    const dumps = createDemand<readonly string[]>();
    const socket = await startDemandSocket(join(shared, 'agent.sock'), {
      backups: demand,
      dumps,
      whyNoDump: () => null,
    });
    const { error, print } = lines();
    const code = runBackupNow(shared, print);
    while (!demand.pending) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    demand.take().forEach(({ answer }) => {
      answer({ kind: 'failed', message: 'the store has 3 MB free' });
    });
    expect(await code).toBe(1);
    expect(error).toEqual(['no base backup was made: the store has 3 MB free']);
    await socket.close();
  });

  it('carries the names of databases as they are, and says at once where nobody would come for them', async () => {
    let reason: string | null = null;
    const dumps = createDemand<readonly string[]>();
    const path = join(shared, 'agent.sock');
    const socket = await startDemandSocket(path, { backups: createDemand(), dumps, whyNoDump: () => reason });
    const asked = askForDump(path, ['a&b=c', '表 "x"', '']);
    while (!dumps.pending) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const [waiting] = dumps.take();
    expect(waiting?.wish).toEqual(['a&b=c', '表 "x"', '']);
    waiting?.answer({ kind: 'taken', id: '20261201T010000Z' });
    expect(await asked).toEqual({ kind: 'taken', id: '20261201T010000Z' });
    reason = 'the server of this pod takes no writes';
    expect(await askForDump(path, [])).toEqual({
      kind: 'failed',
      message: 'no dump was made: the server of this pod takes no writes',
    });
    await socket.close();
  });

  it('says where it looked when no agent runs', async () => {
    const { error, print } = lines();
    expect(await runBackupNow(shared, print)).toBe(1);
    const path = join(shared, 'agent.sock');
    expect(error).toEqual([
      `no base backup was made: no agent answers at ${path} (connect ENOENT ${path}); wanted the container pgusher-backup, running: kubectl exec POD -c pgusher-backup -- pgusher-agent backup now`,
    ]);
  });
});
