import { expect, test } from 'vitest';
import { restartpolicyInitJob } from '../../src/checks/start/restartpolicy-init-job.ts';
import { onCreation, workloadOf } from './check-fixture.ts';

function toolIn(script: string): string | undefined {
  const workload = workloadOf({
    spec: { template: { spec: { initContainers: [{ name: 'init', command: ['sh', '-c', script] }] } } },
  });
  const [observation] = restartpolicyInitJob.examine?.(workload, onCreation) ?? [];
  return observation === undefined ? undefined : /runs (.+) on the data/.exec(observation.message)?.[1];
}

test.each([
  ['pghoard_restore get-basebackup; sleep 1', 'pghoard_restore'],
  ['wal-g backup-fetch /data LATEST', 'wal-g backup-fetch'],
  ['/usr/local/bin/wal-g --config x backup-fetch /data LATEST', 'wal-g backup-fetch'],
  ['envdir /etc/wal-e wal-e backup-fetch /data LATEST', 'wal-e backup-fetch'],
  ['pgbackrest --stanza=main --delta restore', 'pgbackrest restore'],
  ['barman-cloud-restore s3://b orders latest /data', 'barman-cloud-restore'],
  ['if [ ! -s /data/PG_VERSION ]; then pg_basebackup -h primary -D /data; fi', 'pg_basebackup'],
  ['/usr/lib/postgresql/17/bin/initdb -D /data', 'initdb'],
  ['su postgres -c "initdb -D /data"', 'initdb'],
  ['pg_ctl -D /data init', 'pg_ctl initdb'],
  ['docker-ensure-initdb.sh', 'docker-ensure-initdb.sh'],
  ['pg_rewind --target-pgdata=/data', 'pg_rewind'],
])('%s fills the data directory', (script, tool) => {
  expect(toolIn(script)).toBe(tool);
});

test.each([
  ['cp /config/* /docker-entrypoint-initdb.d/'],
  ['chown -R 999:999 /data'],
  ['wal-g wal-verify integrity'],
  ['wal-g backup-list; echo backup-fetch is not run here'],
  ['pgbackrest info; ls restore'],
  ['until pg_isready -h primary; do sleep 1; done'],
  ['echo initdb-done'],
])('%s does not', (script) => {
  expect(toolIn(script)).toBeUndefined();
});
