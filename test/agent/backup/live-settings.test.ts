import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLiveSettings } from '../../../src/agent/backup/live-settings.ts';
import { noDumps } from '../../../src/agent/contract.ts';
import type { BackupContract } from '../../../src/agent/contract.ts';

const backup: BackupContract = {
  schedule: '0 3 * * *',
  timeZone: 'UTC',
  keep: 7,
  keepFor: null,
  compression: 'zstd',
  verify: true,
  synchronous: false,
  fixed: [],
};
const contract = { backup, dump: noDumps };
let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgusher-settings-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

describe('live settings', () => {
  it('are the contract where there is no ConfigMap', async () => {
    expect(await readLiveSettings(contract, join(directory, 'absent'))).toEqual({ ...contract, problems: [] });
  });

  it('change what the ConfigMap names', async () => {
    await writeFile(join(directory, 'backup-schedule'), '30 4 * * 0\n');
    await writeFile(join(directory, 'backup-time-zone'), 'Europe/Berlin');
    await writeFile(join(directory, 'backup-keep'), '14');
    await writeFile(join(directory, 'backup-keep-for'), '30d');
    await writeFile(join(directory, 'backup-verify'), 'off');
    await writeFile(join(directory, 'backup-compression'), 'gzip');
    expect(await readLiveSettings(contract, directory)).toEqual({
      backup: {
        ...backup,
        schedule: '30 4 * * 0',
        timeZone: 'Europe/Berlin',
        keep: 14,
        keepFor: 2_592_000,
        verify: false,
        compression: 'gzip',
      },
      dump: noDumps,
      problems: [],
    });
  });

  it('say when and how dumps are made', async () => {
    await writeFile(join(directory, 'dump-schedule'), '0 1 * * *');
    await writeFile(join(directory, 'dump-keep-for'), '14d');
    await writeFile(join(directory, 'dump-format'), 'custom');
    await writeFile(join(directory, 'dump-jobs'), '0');
    const fixed = { ...noDumps, rolePasswords: false, fixed: ['dump-role-passwords'] as const };
    await writeFile(join(directory, 'dump-role-passwords'), 'on');
    expect(await readLiveSettings({ backup, dump: fixed }, directory)).toEqual({
      backup,
      dump: { ...fixed, schedule: '0 1 * * *', keepFor: 1_209_600, format: 'custom' },
      problems: ['ConfigMap key dump-jobs is "0"; wanted a whole number from 1 to 32'],
    });
  });

  it('leave alone what an annotation of the StatefulSet says', async () => {
    await writeFile(join(directory, 'backup-keep'), '14');
    expect(
      (await readLiveSettings({ ...contract, backup: { ...backup, fixed: ['backup-keep'] } }, directory)).backup.keep,
    ).toBe(7);
  });

  it('that cannot be used are said, and the contract holds', async () => {
    await writeFile(join(directory, 'backup-keep'), '1');
    await writeFile(join(directory, 'backup-verify'), 'yes');
    expect(await readLiveSettings(contract, directory)).toEqual({
      ...contract,
      problems: [
        'ConfigMap key backup-keep is "1"; wanted a whole number from 2 to 1000',
        'ConfigMap key backup-verify is "yes"; wanted on or off',
      ],
    });
  });
});
