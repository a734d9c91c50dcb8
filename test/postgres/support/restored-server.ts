import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { planRestore } from '../../../src/agent/restore/restore-plan.ts';
import { stageBackup } from '../../../src/agent/restore/stage-backup.ts';
import { readBaseBackups } from '../../../src/agent/store/base-backups.ts';
import { eventually, serverOwner, startServer } from '../../support/postgres-server.ts';
import type { PostgresServer } from '../../support/postgres-server.ts';
import { isRoot } from '../../support/tool.ts';
import { storeRootOf } from './backup-agent.ts';
import type { Pod } from './backup-agent.ts';

/** Restores the newest state of a pod's store beside it and starts a server there: what would come back after the volume is lost. */
export async function startRestored(pod: Pod, systemId: string): Promise<PostgresServer> {
  const root = storeRootOf(pod);
  const directory = join(pod.directory, 'restored');
  rmSync(directory, { recursive: true, force: true });
  const { complete } = await readBaseBackups(root, systemId);
  const place = { root, systemId, segmentSize: complete[0]?.segmentSize ?? 0 };
  const plan = await planRestore(place, complete, { backup: 'latest', target: null, major: null, places: null });
  await stageBackup({
    parts: [],
    place,
    directory,
    plan,
    restoreCommand: null,
    record: {
      format: 1,
      restoreId: null,
      backup: plan.backup.id,
      target: null,
      restoredAt: new Date().toISOString(),
      namespace: 'shop',
      set: 'orders',
    },
    onBytes: () => undefined,
  });
  if (isRoot()) {
    const { uid, gid } = serverOwner();
    spawnSync('chown', ['-R', `${uid}:${gid}`, directory]);
  }
  const server = await startServer({ dataDirectory: directory, settings: { synchronous_standby_names: '' } });
  await eventually(
    'the restored server is out of recovery',
    async () =>
      (await server.sql<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering'))[0]?.recovering === false,
    () => server.log(),
  );
  return server;
}
