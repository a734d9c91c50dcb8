import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { DebianPostgres } from '../../../support/debian-postgres.ts';
import { removeDirectory, scratchDirectory } from '../../../support/postgres-server.ts';
import { runContainer } from './container.ts';
import { sources } from './pod-volumes.ts';
import { succeeded } from './version-pod.ts';

const made: string[] = [];
afterAll(() => {
  made.splice(0).forEach(removeDirectory);
});

/** What the agent's image has at /opt/rewind, made as there: in the file system of the agent, from that of the server. */
export async function rewindPrograms(agent: DebianPostgres, server: DebianPostgres): Promise<string> {
  const directory = scratchDirectory('rewind-programs');
  made.push(directory);
  chmodSync(directory, 0o755);
  succeeded(
    await runContainer(agent, {
      owner: { uid: 0, gid: 0 },
      mounts: {
        '/opt/rewind': directory,
        '/from/server': server.root,
        [sources]: join(import.meta.dirname, '../../../..'),
      },
      command: ['/bin/sh', `${sources}/scripts/build/rewind-programs.sh`, '/from/server'],
      environment: {},
    }),
  );
  return directory;
}
