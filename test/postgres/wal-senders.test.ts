import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runBackupNow } from '../../src/agent/backup/run-backup-now.ts';
import { neededWalSenders } from '../../src/workload/wal-senders.ts';
import { asServerUser, eventually, ownedDirectory } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { missingTools, requireTool } from '../support/tool.ts';
import { untilFailure, untilProtected } from './support/backup-agent.ts';
import type { Pod } from './support/backup-agent.ts';
import { collectPrint } from './support/collected-print.ts';
import { podsOfEachTest } from './support/pods.ts';

const pod = podsOfEachTest();
const standbys: ChildProcess[] = [];
afterEach(() => {
  for (const standby of standbys.splice(0)) standby.kill('SIGKILL');
});

/** What a standby is for its primary: one more receiver, with a slot of its own. */
async function follow(one: Pod, server: PostgresServer, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const directory = ownedDirectory(join(one.directory, `standby-${number}`));
    const args = ['-h', server.socketDirectory, '-p', String(server.port), '-U', 'postgres', '-D', directory, '-w'];
    standbys.push(spawn(requireTool('pg_receivewal'), args, { ...asServerUser(), cwd: '/tmp', stdio: 'ignore' }));
  }
  await eventually(
    'the standbys follow',
    async () =>
      (await server.sql("SELECT FROM pg_stat_replication WHERE application_name = 'pg_receivewal'")).length === count,
  );
}

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup', 'flock'))('max_wal_senders', () => {
  it.each([0, 1, 2])('as many as are needed with %i standbys are enough for a base backup', async (count) => {
    const one = await pod('senders');
    const senders = neededWalSenders({ backup: true, standbys: count });
    const server = await one.startServer({ settings: { max_wal_senders: String(senders) } });
    await follow(one, server, count);
    const agent = await one.startAgent();
    await untilProtected(agent);
    expect(await runBackupNow(one.shared, collectPrint().print)).toBe(0);
    expect(agent.lines().filter((line) => line['failure'] !== undefined)).toEqual([]);
    await server.stop();
  });

  it.each([0, 2])('one less than is needed with %i standbys is not, and the message says how many', async (count) => {
    const one = await pod('few-senders');
    const senders = neededWalSenders({ backup: true, standbys: count }) - 1;
    const server = await one.startServer({ settings: { max_wal_senders: String(senders) } });
    await follow(one, server, count);
    const agent = await one.startAgent();
    expect(await untilFailure(agent, 'base-backup', /max_wal_senders/)).toMatch(
      /exceeds max_wal_senders \(currently [35]\); wanted max_wal_senders of 4 or more/,
    );
    await server.stop();
  });
});
