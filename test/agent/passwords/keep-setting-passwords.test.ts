import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStatus } from '../../../src/agent/backup/agent-status.ts';
import { createStatusReport } from '../../../src/agent/backup/status-report.ts';
import type { AgentContract } from '../../../src/agent/contract.ts';
import { createLog } from '../../../src/agent/log.ts';
import { keepSettingPasswords, passwordsToSet } from '../../../src/agent/passwords/keep-setting-passwords.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import { contractOf, plainBackup } from '../../postgres/support/contract.ts';
import { eventually } from '../../support/postgres-server.ts';

/** Beside no server: what of the order alone is seen. */
describe('the agent that sets passwords', () => {
  let directory = '';
  let order = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pgusher-setting-'));
    mkdirSync(join(directory, '.pgusher'));
    order = join(directory, '.pgusher/passwords');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function parts(passwords?: AgentContract['restore']['passwords']) {
    const plain = contractOf({
      set: 'orders',
      major: 17,
      dataDirectory: join(directory, 'pgdata'),
      dataMount: directory,
      serverPort: 5432,
      agentPort: 8432,
      store: null,
      backup: plainBackup,
    });
    const log = createLog('silent');
    const now = (): Date => new Date();
    const status = newStatus({ namespace: 'shop', set: 'orders', startedAt: now(), backupWanted: false });
    return {
      contract: { ...plain, restore: { ...plain.restore, ...(passwords === undefined ? {} : { passwords }) } },
      edges: {
        environment: {},
        shared: directory,
        liveSettings: directory,
        replicationSecret: directory,
        rolePasswords: directory,
        openPlace,
        listen: null,
        storeMustBeMount: false,
        retrySeconds: 1,
        log,
        now,
        stop: new AbortController().signal,
        alongside: [],
      },
      status,
      report: createStatusReport(status, log, now),
    };
  }

  it('names an order that cannot be read for as long as it is there', async () => {
    const end = new AbortController();
    const all = parts();
    writeFileSync(order, 'damaged');
    const ended = keepSettingPasswords(await passwordsToSet(all), { ...all, stopping: end.signal });
    expect(all.status.failures.get('passwords')?.message).toBe(
      `${order} is not what pgusher-restore writes there; wanted it removed, and the passwords set by hand if the database was restored`,
    );
    rmSync(order);
    await eventually('it is named no more', () => !all.status.failures.has('passwords'));
    end.abort();
    await ended;
  });

  it('looks for none where all passwords stay as they were restored', async () => {
    const all = parts('keep');
    writeFileSync(order, 'damaged');
    // It ends by itself: nobody aborts it.
    await keepSettingPasswords(await passwordsToSet(all), { ...all, stopping: new AbortController().signal });
    expect(all.status.failures.size).toBe(0);
  });
});
