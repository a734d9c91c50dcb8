import { expect, test } from 'vitest';
import { dataDeciders } from '../../src/checks/start/data-deciders.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { workloadOf } from './check-fixture.ts';

const mounts = [{ name: 'data', mountPath: '/var/lib/postgresql/data' }];
const server: JsonObject = {
  name: 'postgres',
  image: 'postgres:17.6-bookworm',
  env: [{ name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' }],
  volumeMounts: mounts,
};

/** In an init container that has the volume at /data, or in the server's own. */
function seen(script: string, container: JsonObject = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }) {
  const workload = workloadOf({
    spec: {
      template: { spec: { containers: [server] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' } }],
    },
  });
  if (workload.server === undefined) throw new Error('no server');
  return dataDeciders(['sh', '-c', script], container, workload, workload.server).map(({ does }) => does);
}

test.each([
  'rm -rf /data/*',
  'rm -rf /data',
  'rm -rf /data/pgdata',
  'rm -fr -- /data/pgdata/*',
  'rm -rf /data/{*,.*}',
  'rm --recursive --force /data/pgdata/',
  'rm -rf "/data/pgdata"/*',
  'rm -rf "$PGDATA"',
  'rm -rf ${PGDATA:?}/*',
  'rm -rf /data/pgdata/pg_wal',
  'rm -rf /data/pgdata/base/*',
  'rm -f /data/pgdata/PG_VERSION/* /data/pgdata/*',
  'cd /data && rm -rf ./*',
  'cd /data/pgdata; rm -rf *',
  'D=/data/pgdata; rm -rf "$D"',
  'if [ ! -s /data/pgdata/PG_VERSION ]; then rm -rf /data/pgdata/*; fi',
  'find /data -mindepth 1 -delete',
  'find /data -mindepth 1 ! -name lost+found -exec rm -rf {} +',
  'find "$PGDATA" -type f -exec rm {} ;',
])('%s empties the data directory', (script) => {
  expect(seen(script)).toContain('removes');
});

test.each([
  'rm -f /data/pgdata/postmaster.pid',
  'rm -f /data/pgdata/*.pid',
  'mv /data/pgdata/postmaster.pid /tmp',
  "find /data -name '*.pid' -delete",
])('%s takes the lock of the data directory away', (script) => {
  expect(seen(script)).toEqual(['unlocks']);
});

test.each([
  'rm -f /data/other/*.pid',
  'rm -f /run/pgbouncer.pid',
  'rm -rf /data/lost+found',
  'rm -rf /data/pgdata/log',
  'rm -rf /tmp/* /other/pgdata',
  'rm -f /data/*',
  'rm -rf /data/pgdata2',
  'find /data/archive -mtime +7 -delete',
  'find /data -type d',
  'ls /data/*; echo rm -rf /data',
  '# rm -rf /data\ntrue',
  'chown -R 999:999 /data',
  'rm -rf "$WORK"',
])('%s does not', (script) => {
  expect(seen(script)).toEqual([]);
});

test.each([
  ['pg_basebackup -h primary -D "$PGDATA" -R', ['fills']],
  ['pg_basebackup -h primary -D /var/lib/postgresql/data/pgdata', ['fills']],
  ['pg_basebackup -h primary --pgdata=/backup', []],
  ['gosu postgres pg_rewind --target-pgdata="$PGDATA" --source-server=x', ['fills']],
  ['wal-g backup-fetch "$PGDATA" LATEST', ['fills']],
  ['wal-g backup-push "$PGDATA"', []],
  ['pgbackrest --stanza=main restore', ['fills']],
  ['rm -rf /var/lib/postgresql/data/pgdata/*; pg_basebackup -D "$PGDATA"', ['removes', 'fills']],
])('%s in the container of the server: %j', (script, expected) => {
  expect(seen(script, server)).toEqual(expected);
});

test.each([
  ['cp /conf/postgresql.conf /data/pgdata/', ['configures']],
  ['cp /conf/my.conf /data/pgdata/postgresql.conf', ['configures']],
  ['cp /conf/recovery.conf /conf/pg_hba.conf "$PGDATA"', ['decides-role']],
  ['touch "$PGDATA/standby.signal"', ['decides-role']],
  ['cp /conf/postgresql.conf /etc/postgresql/', []],
  ['cp /conf/postgresql.conf /data/archive/', []],
  ['cp /data/pgdata/postgresql.conf /backup/', []],
  ['cp /conf/notes.conf /data/pgdata/', []],
])('%s in an init container: %j', (script, expected) => {
  expect(seen(script)).toEqual(expected);
});

test.each([
  ['cat > /data/pgdata/postgresql.conf <<EOF\nfsync = off\nEOF', 'configures'],
  ['cat <<-EOF >/data/pgdata/pg_hba.conf\n\thost all all all trust\n\tEOF', 'configures'],
  ['echo "fsync = off" >> "$PGDATA/postgresql.conf"', 'configures'],
  ['{ echo a; echo b; } > /data/pgdata/postgresql.auto.conf', 'configures'],
  ['cd /data/pgdata && printf x > postgresql.conf', 'configures'],
  ['sed -i s/a/b/ /data/pgdata/postgresql.conf', 'configures'],
  ['> /data/pgdata/standby.signal', 'decides-role'],
  ['F=/data/pgdata/recovery.conf; cat >"$F" <<E\nstandby_mode = on\nE', 'decides-role'],
])('%j is seen', (script, does) => {
  expect(seen(script)).toEqual([does]);
});

test.each([
  'cat > /data/pgdata.conf <<EOF\nx\nEOF',
  'cat /data/pgdata/postgresql.conf > /tmp/copy',
  'cat > /tmp/postgresql.conf <<EOF\nrm -rf /data/pgdata\nEOF',
  'echo done >&2; echo postgresql.conf 2>/data/pgdata/postgresql.conf',
])('%j is nothing to say', (script) => {
  expect(seen(script)).toEqual([]);
});
