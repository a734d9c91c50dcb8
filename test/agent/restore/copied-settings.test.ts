import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withRecoverySettings } from '../../../src/agent/restore/recovery-settings.ts';
import { forgetRecovery } from '../../../src/agent/restore/standby.ts';

/** Found by the random lives: a standby that was copied from a primary that had been restored to a moment stayed in recovery when it was promoted. */
it('a copy of a restored primary has neither the target of that restore nor its restore_command', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pgusher-copied-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'postgresql.auto.conf');
  const own = "work_mem = '8MB'\nrecovery_min_apply_delay = '1min'\n";
  const restored = withRecoverySettings(own, '', {
    restoreCommand: 'sh /pgusher/bin/restore-command.sh %f %p',
    target: { kind: 'time', value: '2026-11-30 02:00:00+00', inclusive: true },
    atLeast: {},
    timeline: 'latest',
    occasion: 'for a restore',
  });
  expect(restored).toMatch(/^recovery_target_time/m);
  await writeFile(path, restored);
  await forgetRecovery(directory);
  const kept = await readFile(path, 'utf8');
  expect(kept).not.toMatch(/restore_command|recovery_target/);
  expect(kept).toContain(own.trim());
});
