import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decisionFileName, readDecisionFile, writeDecisionFile } from '../decision/decision-file.ts';
import type { Role } from '../decision/pod-role.ts';
import { withoutOwnTarget } from '../restore/recovery-settings.ts';
import { syncDirectory, writeDurably } from '../store/durable-file.ts';

/**
 * From its next start on the server of PGDATA takes no writes, however often its container starts again: with standby.signal it comes up as a
 * standby, and a recovery target of a restore, at whose end even a standby is promoted, is taken out.
 */
export async function becomesStandby(dataDirectory: string, shared: string): Promise<void> {
  const path = join(dataDirectory, 'postgresql.auto.conf');
  const text = await readFile(path, 'utf8');
  const wanted = withoutOwnTarget(text);
  if (wanted !== text) {
    await writeDurably(path, wanted, 0o600);
  }
  const file = await open(join(dataDirectory, 'standby.signal'), 'a', 0o600);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dataDirectory);
  await writeRole(shared, 'standby');
}

/** For ready.sh: a container that starts again does not pass pgusher-restore. */
export async function writeRole(shared: string, role: Role): Promise<void> {
  const path = join(shared, decisionFileName);
  const decision = await readDecisionFile(path).catch(() => undefined);
  if (decision !== undefined && decision.role !== role) {
    await writeDecisionFile(path, { ...decision, role });
  }
}
