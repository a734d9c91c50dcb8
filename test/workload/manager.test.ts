import { expect, test } from 'vitest';
import { familyOf } from '../../src/workload/image-family.ts';
import { parseImageReference } from '../../src/workload/image-reference.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { managerOf } from '../../src/workload/manager.ts';

const env = (name: string): JsonObject => ({
  env: [
    { name: 'PGDATA', value: '/x' },
    { name, value: 'x' },
  ],
});
const runs = (...command: readonly string[]): JsonObject => ({ command });
const mounts = (mountPath: string): JsonObject => ({ volumeMounts: [{ name: 'data', mountPath }] });

function seen(container: JsonObject, image: string, beside: readonly JsonObject[] = []) {
  const server = { ...container, image };
  const found = managerOf(server, { containers: [server, ...beside] }, familyOf(parseImageReference(image)));
  return found === undefined ? undefined : `${found.name}: ${found.sign}: ${found.family.treatment}`;
}

test.each<readonly [JsonObject, string]>([
  [env('PATRONI_SCOPE'), 'Patroni: PATRONI_SCOPE: left-alone'],
  [env('SPILO_CONFIGURATION'), 'Patroni of Spilo: SPILO_CONFIGURATION: left-alone'],
  [env('PGPASSWORD_SUPERUSER'), 'Patroni of Spilo: PGPASSWORD_SUPERUSER: left-alone'],
  [env('PGHA_INIT'), 'Patroni of Crunchy: PGHA_INIT: left-alone'],
  [env('STKEEPER_CLUSTER_NAME'), 'Stolon: STKEEPER_CLUSTER_NAME: left-alone'],
  [env('REPMGR_PARTNER_NODES'), 'repmgr: REPMGR_PARTNER_NODES: left-alone'],
  [env('PG_AUTOCTL_MONITOR'), 'pg_auto_failover: PG_AUTOCTL_MONITOR: left-alone'],
  [env('POSTGRESQL_VOLUME_DIR'), "Bitnami's image: POSTGRESQL_VOLUME_DIR: left-alone"],
  [runs('patroni', '/etc/patroni.yml'), 'Patroni: patroni: left-alone'],
  [runs('bash', '-c', 'set -e\nexec /usr/bin/patroni /etc/p.yml'), 'Patroni: patroni: left-alone'],
  [runs('bash', '-ec', 'exec gosu stolon stolon-keeper --data-dir /d'), 'Stolon: stolon-keeper: left-alone'],
  [runs('pg_autoctl', 'run'), 'pg_auto_failover: pg_autoctl: left-alone'],
  [runs('sh', '-c', 'repmgrd -f /etc/repmgr.conf & exec postgres'), 'repmgr: repmgrd: left-alone'],
  [runs('/opt/bitnami/scripts/postgresql/entrypoint.sh'), "Bitnami's image: /opt/bitnami/scripts/: left-alone"],
])('%j', (container, expected) => {
  expect(seen(container, 'registry.example/team/db:1')).toBe(expected);
});

test.each(['patroni /etc/patroni.yml', 'bash -c patroni'])('the stock image that is told to run %s', (line) => {
  const container = { ...env('PATRONI_SCOPE'), command: line.split(' ') };
  expect(seen(container, 'postgres:17.6-bookworm')).toBe('Patroni: PATRONI_SCOPE: left-alone');
});

test.each(['postgres:17.6', 'docker.io/library/postgres:17', 'timescale/timescaledb-ha:pg17', 'postgis/postgis'])(
  'a variable starts no manager in %s',
  (image) => {
    const left = env('POSTGRESQL_VOLUME_DIR');
    expect(seen(left, image)).toBeUndefined();
    expect(seen({ ...left, args: ['-c', 'fsync=on'] }, image)).toBeUndefined();
    expect(seen({ ...left, args: ['postgres'] }, image)).toBeUndefined();
    expect(seen({ ...left, command: ['/usr/local/bin/docker-entrypoint.sh', 'postgres'] }, image)).toBeUndefined();
    // Whatever is in the script may read it, and an image of one's own may have anything under a familiar name.
    expect(seen({ ...left, command: ['sh', '/start.sh'] }, image)).toContain('left-alone');
    expect(seen(left, `registry.example/${image}`)).toContain('left-alone');
  },
);

test('a manager beside the server decides about its data too', () => {
  expect(seen({}, 'postgres:17.6', [runs('repmgrd', '--daemonize=false')])).toBe('repmgr: repmgrd: left-alone');
});

test('a volume of Bitnami, under an image of a name that tells nothing', () => {
  expect(seen(mounts('/bitnami/postgresql'), 'registry.example/team/db:1')).toContain("Bitnami's image");
  expect(seen(mounts('/bitnami/postgresql'), 'postgres:17.6-bookworm')).toBeUndefined();
});

test.each<JsonObject>([
  {},
  env('POSTGRES_PASSWORD'),
  env('PATRONISE'),
  env('SCOPE'),
  env('POSTGRESQL_PASSWORD'),
  runs('sh', '-c', 'exec postgres -c cluster_name=patroni-test'),
  runs('postgres', '-c', 'hba_file=/etc/patroni.conf'),
  mounts('/var/lib/postgresql/data'),
])('%j is plain', (container) => {
  expect(seen(container, 'registry.example/team/db:1')).toBeUndefined();
});
