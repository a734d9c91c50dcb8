import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentContract } from '../../../src/agent/contract.ts';
import { createLog } from '../../../src/agent/log.ts';
import { keepOrGiveUpOrder, orderPasswords } from '../../../src/agent/passwords/order-passwords.ts';
import { restoreRecordText } from '../../../src/agent/restore/restore-record.ts';
import { contractOf, plainBackup } from '../../postgres/support/contract.ts';

const hba = 'local all all trust\nhost all all all scram-sha-256\n';

/** What pgusher-restore leaves of a restored database, in the place that it was restored to. */
describe('the order to set passwords', () => {
  let directory = '';
  let contract: AgentContract;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pgusher-order-'));
    contract = contractOf({
      set: 'orders',
      major: 17,
      dataDirectory: join(directory, 'pgdata'),
      dataMount: directory,
      serverPort: 5432,
      agentPort: 8432,
      store: null,
      backup: plainBackup,
    });
    mkdirSync(join(directory, '.pgusher'));
    mkdirSync(join(directory, 'pgdata'));
    writeFileSync(join(directory, 'pgdata/pg_hba.conf'), hba, { mode: 0o640 });
    record('2026-11-21T06:00:00.000Z');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function record(restoredAt: string): void {
    const text = restoreRecordText({
      format: 1,
      restoreId: null,
      backup: 'b',
      target: null,
      restoredAt,
      namespace: 'shop',
      set: 'orders',
    });
    writeFileSync(join(directory, 'pgdata/pgusher-restore.json'), text);
  }
  const order = async (environment: Readonly<Record<string, string>>, changed = contract): Promise<void> =>
    orderPasswords(changed, join(directory, 'pgdata'), { shared: directory, environment, log: createLog('silent') });
  const known = { PGUSHER_USER: 'shop', PGUSHER_PASSWORD: 'new' };
  const written = (): string => readFileSync(join(directory, 'pgdata/pg_hba.conf'), 'utf8');
  const isOrdered = (): boolean => existsSync(join(directory, '.pgusher/passwords'));
  const isHeldBack = (): boolean => existsSync(join(directory, 'passwords-trouble'));

  it('lets the superuser of this pod in, holds readiness back, and is there for later starts', async () => {
    await order(known);
    expect(written()).toMatch(/^# pgusher: begin .*\nhost postgres,template1 "shop" 127\.\S+\/32 trust\n/);
    expect(statSync(join(directory, 'pgdata/pg_hba.conf')).mode & 0o777).toBe(0o640);
    for (let start = 0; start < 2; start += 1) {
      await keepOrGiveUpOrder(contract, 'primary', { shared: directory });
      expect([isOrdered(), isHeldBack(), written().includes('trust\n# pgusher: end')]).toEqual([true, true, true]);
    }
  });

  it.each([
    ['nothing is known that could be set', {}, {}],
    ['all are to stay', known, { passwords: 'keep' as const }],
    ['the file with the password is not here', { PGUSHER_PASSWORD_FILE: '/nowhere' }, {}],
  ])('is not given where %s', async (_, environment, restore) => {
    await order(environment, { ...contract, restore: { ...contract.restore, ...restore } });
    expect([isOrdered(), written()]).toEqual([false, hba]);
  });

  it('is given for the roles of the Secret alone, too', async () => {
    await order({}, { ...contract, restore: { ...contract.restore, passwords: 'secret' } });
    expect(isOrdered()).toBe(true);
    expect(written()).toContain('"postgres" 127.');
  });

  it.each([
    ['it follows another server now', 'standby' as const, (): void => undefined],
    [
      'its data is another',
      'primary' as const,
      (): void => {
        record('2026-11-22T06:00:00.000Z');
      },
    ],
    [
      'the setting is keep now',
      'primary' as const,
      (): void => {
        contract = { ...contract, restore: { ...contract.restore, passwords: 'keep' } };
      },
    ],
  ])('is given up, and nobody is let in, where %s', async (_, role, change) => {
    await order(known);
    await keepOrGiveUpOrder(contract, 'primary', { shared: directory });
    change();
    await keepOrGiveUpOrder(contract, role, { shared: directory });
    expect([isOrdered(), isHeldBack(), written()]).toEqual([false, false, hba]);
  });
});
