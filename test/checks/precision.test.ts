import { expect, test } from 'vitest';
import type { Finding } from '../../src/checks/check.ts';
import { objectAt, objectsAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { managedSet } from '../support/review.ts';
import { judge, workloadOf } from './check-fixture.ts';

/** Where a check speaks and where it does not, beyond what its fixtures show: rows of what is added to a set that is well. */
interface Parts {
  readonly annotations?: JsonObject;
  readonly spec?: JsonObject;
  readonly pod?: JsonObject;
  readonly container?: JsonObject;
  readonly mounts?: readonly JsonObject[];
  readonly env?: readonly JsonObject[];
  readonly image?: string;
}

function setWith({ annotations, spec, pod, container, mounts = [], env = [], image }: Parts): JsonObject {
  const set = managedSet(annotations === undefined ? {} : { annotations });
  const setSpec = objectAt(set, 'spec');
  const podSpec = objectAt(objectAt(setSpec, 'template'), 'spec');
  const [server = {}, ...others] = objectsAt(podSpec, 'containers');
  const changed: JsonObject = {
    ...server,
    ...(image === undefined ? {} : { image }),
    ...container,
    env: [...objectsAt(server, 'env'), ...env],
    volumeMounts: [...objectsAt(server, 'volumeMounts'), ...mounts],
  };
  const template = { spec: { ...podSpec, ...pod, containers: [changed, ...others, ...objectsAt(pod, 'containers')] } };
  return { ...set, spec: { ...setSpec, ...spec, template } };
}

function said(check: string, findings: readonly Finding[]): readonly string[] {
  return findings.filter((finding) => finding.check === check).map(({ severity }) => severity);
}

const args = (...parameters: readonly string[]): Parts => ({
  container: { args: parameters.flatMap((parameter) => ['-c', parameter]) },
});
const given = (parameters: string): Parts => ({ annotations: { 'postgres.io/parameters': parameters } });
const exec = (...command: readonly string[]): JsonObject => ({ exec: { command } });
const preStop = (...command: readonly string[]): Parts => ({ container: { lifecycle: { preStop: exec(...command) } } });
const value = (name: string, text: string): JsonObject => ({ name, value: text });
const limited = (memory: string, ...parameters: readonly string[]): Parts => ({
  container: { ...args(...parameters).container, resources: { limits: { memory } } },
});
const probed = (probe: JsonObject, more: JsonObject = {}): Parts => ({ container: { readinessProbe: probe, ...more } });
const secret = (optional: boolean): Json => ({ secretKeyRef: { name: 'orders', key: 'user', optional } });
const hardened: JsonObject = { securityContext: { readOnlyRootFilesystem: true } };

test.each<[check: string, parts: Parts, expected: readonly string[]]>([
  ['prestop-smart', preStop('sh', '-c', 'echo pg_ctl stop -m smart'), []],
  ['prestop-smart', preStop('gosu', 'postgres', 'pg_ctl', 'stop', '--mode=smart'), ['warn']],
  ['prestop-smart', preStop('pg_ctl', 'stop', '-ms'), ['warn']],
  ['prestop-smart', preStop('pg_ctl', 'stop'), []],
  ['prestop-smart', preStop('pg_ctl', 'restart', '-m', 'smart'), []],
  ['prestop-smart', preStop('kill', '-TERM', '1'), ['warn']],
  ['prestop-smart', preStop('sh', '-c', 'kill "$(head -1 $PGDATA/postmaster.pid)"'), ['warn']],
  ['prestop-smart', preStop('kill', '-INT', '1'), []],
  ['prestop-smart', preStop('kill', '-TERM', '1234'), []],
  ['port-changed', probed(exec('pg_isready', '-p', '5433'), { args: ['-p', '5433'] }), []],
  ['port-changed', { env: [value('PGPORT', '5433')], ...probed(exec('pg_isready')) }, []],
  ['port-changed', { env: [value('PGPORT', '5433')], ...probed({ tcpSocket: { port: 5432 } }) }, ['warn']],
  ['port-changed', probed(exec('pg_isready', '-p', '5433')), ['warn']],
  ['port-changed', probed(exec('sh', '-c', 'pg_isready -p "$PORT"')), []],
  ['port-changed', probed(exec('pg_isready', '-d', 'host=127.0.0.1 port=5433')), []],
  ['port-changed', probed({ tcpSocket: { port: 'db' } }, { ports: [{ name: 'db', containerPort: 5433 }] }), ['warn']],
  ['port-changed', probed({ tcpSocket: { port: 'gone' } }), []],
  ['port-changed', probed({ httpGet: { port: 8080 } }), []],
  [
    'port-changed',
    {
      ...probed({ tcpSocket: { port: 6432 } }),
      pod: { initContainers: [{ name: 'p', ports: [{ containerPort: 6432 }] }] },
    },
    [],
  ],
  ['password-and-file', { env: [value('POSTGRES_USER', 'a'), value('POSTGRES_USER_FILE', '/x')] }, ['deny']],
  ['password-and-file', { env: [value('POSTGRES_USER', ''), value('POSTGRES_USER_FILE', '/x')] }, []],
  [
    'password-and-file',
    { env: [{ name: 'POSTGRES_USER', valueFrom: secret(true) }, value('POSTGRES_USER_FILE', '/x')] },
    [],
  ],
  [
    'password-and-file',
    { env: [{ name: 'POSTGRES_USER', valueFrom: secret(false) }, value('POSTGRES_USER_FILE', '/x')] },
    ['deny'],
  ],
  ['readonly-root-no-tmp', { container: hardened }, ['deny']],
  ['readonly-root-no-tmp', { container: hardened, mounts: [{ name: 'run', mountPath: '/run' }] }, []],
  [
    'readonly-root-no-tmp',
    { container: hardened, mounts: [{ name: 'run', mountPath: '/var/run/postgresql', readOnly: true }] },
    ['deny'],
  ],
  ['readonly-root-no-tmp', { container: { ...hardened, args: ['-c', 'unix_socket_directories='] } }, []],
  ['readonly-root-no-tmp', { container: { ...hardened, args: ['-k', '/var/lib/postgresql/data'] } }, []],
  ['readonly-root-no-tmp', { container: { ...hardened, args: ['-c', 'config_file=/etc/p.conf'] } }, []],
  ['shared-buffers-vs-memory', limited('4Gi', 'shared_buffers=1638MB'), []],
  ['shared-buffers-vs-memory', limited('4Gi', 'shared_buffers=1640MB'), ['warn']],
  ['shared-buffers-vs-memory', limited('1Gi', 'shared_buffers=2GB'), ['warn']],
  ['shared-buffers-vs-memory', args('shared_buffers=64GB'), []],
  ['shared-buffers-vs-memory', args('shared_buffers=16384'), []],
  ['connections-vs-memory', limited('512Mi'), []],
  ['connections-vs-memory', limited('512Mi', 'max_connections=100'), []],
  ['connections-vs-memory', limited('512Mi', 'max_connections=400'), ['warn']],
  ['parameter-unreadable', args('shared_buffers="1GB"'), ['deny']],
  ['parameter-unreadable', args('work_mem='), ['deny']],
  [
    'parameter-unreadable',
    args('wal_buffers=-1', 'checkpoint_timeout=1.5h', 'max_connections=0x64', 'work_mem=.5GB'),
    [],
  ],
  ['parameter-unreadable', args('search_path=1gb'), []],
  ['parameter-unreadable', { container: { command: ['sh', '-c', 'exec postgres -c work_mem=$MEM'] } }, []],
  ['parameter-unreadable', given('max_connections=100, shared_buffers=128MB, temp_buffers=8MB, work_mem=4MB'), []],
  ['parameter-unreadable', given('max_wal_senders=6'), []],
  ['parameter-unreadable', given('temp_buffers=8 mb'), ['deny']],
  ['parameter-unreadable', given('shared_buffers=128M'), ['deny']],
  ['parameter-unreadable', given('max_connections=100k'), ['deny']],
  ['wal-level-minimal', given('max_wal_senders=6'), []],
  ['command-bypasses-entrypoint', { container: { command: ['docker-entrypoint.sh', 'postgres'] } }, []],
  ['command-bypasses-entrypoint', { container: { command: ['/usr/lib/postgresql/17/bin/postgres'] } }, ['deny']],
  ['command-bypasses-entrypoint', { container: { command: ['su-exec', 'postgres', 'postgres'] } }, []],
  [
    'command-bypasses-entrypoint',
    { container: { command: ['postgres'], securityContext: { runAsUser: 0 } } },
    ['deny'],
  ],
  [
    'command-bypasses-entrypoint',
    { container: { command: ['postgres'] }, pod: { securityContext: { runAsUser: 999 } } },
    [],
  ],
  ['run-as-root', { pod: { securityContext: { runAsUser: 0 } } }, []],
  ['run-as-root', { container: { securityContext: { capabilities: { add: ['CHOWN', 'SETUID'] } } } }, []],
  ['run-as-root', { container: { securityContext: { capabilities: { add: ['CAP_SYS_ADMIN'] } } } }, ['warn']],
  ['shm-default', { mounts: [{ name: 'x', mountPath: '/dev/shm/x' }] }, ['warn']],
  [
    'shm-default',
    {
      mounts: [{ name: 'x', mountPath: '/dev/shm' }],
      pod: { volumes: [{ name: 'x', emptyDir: { medium: 'Memory' } }] },
    },
    [],
  ],
  [
    'hugepages-unmatched',
    { container: { args: ['-c', 'huge_pages=on'], resources: { limits: { 'hugepages-1Gi': '1Gi' } } } },
    [],
  ],
  ['logging-collector-on', args('logging_collector=off'), []],
  ['logging-collector-on', args('logging_collector=on', 'log_directory=/var/lib/postgresql/data/pgdata/log'), ['warn']],
  ['md5-auth', { image: 'postgres:13.23-bookworm', env: [value('POSTGRES_HOST_AUTH_METHOD', 'md5')] }, []],
  ['md5-auth', { env: [value('POSTGRES_HOST_AUTH_METHOD', 'password')] }, ['warn']],
  ['initdb-auth-breaks-local', { env: [value('POSTGRES_INITDB_ARGS', '-A peer')] }, ['warn']],
  ['initdb-auth-breaks-local', { env: [value('POSTGRES_INITDB_ARGS', '--auth-local=peer')] }, []],
  ['checksums-off', { env: [value('POSTGRES_INITDB_ARGS', '-k')] }, []],
  ['preload-overridden', args('shared_preload_libraries=pg_stat_statements'), []],
  [
    'preload-overridden',
    { image: 'timescale/timescaledb:2.22.1-pg17', ...args('shared_preload_libraries=$libdir/timescaledb.so') },
    [],
  ],
  [
    'user-initdb-mount',
    { image: 'postgis/postgis:17-3.5', mounts: [{ name: 'x', mountPath: '/docker-entrypoint-initdb.d/' }] },
    ['warn'],
  ],
  [
    'anti-affinity-missing',
    {
      spec: { replicas: 2 },
      pod: { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{}] } } },
    },
    [],
  ],
  ['anti-affinity-missing', { spec: { replicas: 2 }, pod: { affinity: { podAntiAffinity: {} } } }, ['warn']],
  ['vct-size-zero-or-tiny', args('max_wal_size=10GB'), ['warn']],
  ['vct-size-zero-or-tiny', args('max_wal_size=5GB'), []],
  ['password-missing', { image: 'registry.example/own:1', annotations: { 'postgres.io/version': '17' } }, []],
  ['bitnami-frozen', { image: 'bitnami/postgresql:latest' }, []],
  ['bitnami-frozen', { image: 'registry.example/bitnami/postgresql:17.6.0' }, []],
  ['bitnami-frozen', { image: 'docker.io/bitnami/postgresql:17.6.0' }, ['warn']],
  ['image-eol', { image: 'postgres:14.20-bookworm' }, ['warn']],
])('%s on a new set: %j', (check, parts, expected) => {
  expect(said(check, judge({ after: workloadOf(setWith(parts)), before: undefined }))).toEqual(expected);
});

const standbys: Parts = { annotations: { 'postgres.io/replication-secret': 'x' }, spec: { replicas: 3 } };
const claim = (name: string, more: JsonObject = {}): Parts => ({
  annotations: { 'postgres.io/backup-claim': name, ...more },
});

test.each<[check: string, before: Parts, after: Parts, expected: readonly string[]]>([
  [
    'max-connections-lowered',
    { ...standbys, ...args('max_wal_senders=20') },
    { ...standbys, ...args('max_wal_senders=10') },
    ['deny'],
  ],
  ['max-connections-lowered', { ...standbys, ...args('max_connections=50') }, standbys, []],
  ['max-connections-lowered', standbys, { ...standbys, ...args('max_connections=50') }, ['warn']],
  ['scale-down', { ...standbys, spec: { replicas: 9 } }, { ...standbys, spec: { replicas: 1 } }, ['warn']],
  ['scale-down', standbys, { ...standbys, spec: { replicas: 0 } }, []],
  ['scale-to-zero', standbys, { ...standbys, spec: { replicas: 0 } }, ['warn']],
  ['image-minor-downgrade', { image: 'postgres:17.6' }, { image: 'postgres:16.9' }, []],
  ['image-minor-downgrade', { image: 'postgres:17.10' }, { image: 'postgres:17.9' }, ['warn']],
  ['image-minor-downgrade', { image: 'postgres:17' }, { image: 'postgres:17.1' }, []],
  ['engine-switched', claim('a'), claim('a', { 'postgres.io/backup-prefix': 'shop/orders' }), []],
  ['engine-switched', claim('a'), claim('a', { 'postgres.io/backup-prefix': 'shop/else' }), ['warn']],
  ['engine-switched', claim('a'), claim('a', { 'postgres.io/backup': 'off' }), []],
  ['uid-mismatch', { pod: { securityContext: { runAsUser: 1000 } } }, {}, []],
  [
    'uid-mismatch',
    { pod: { securityContext: { runAsUser: 1000 } } },
    { container: { securityContext: { runAsUser: 999 } } },
    ['deny'],
  ],
  ['password-env-drift', {}, { env: [value('OTHER', 'x')] }, []],
  ['readonly-root-no-tmp', {}, { container: hardened }, ['deny']],
  ['readonly-root-no-tmp', { container: hardened }, { container: hardened, env: [value('X', 'y')] }, ['warn']],
])('%s on a change from %j to %j', (check, before, after, expected) => {
  const findings = judge({ after: workloadOf(setWith(after)), before: workloadOf(setWith(before)) });
  expect(said(check, findings)).toEqual(expected);
});
