// Server arguments: what the product takes a container's command line for, and what the real entrypoint, shell, kubelet and
// postgres make of it. Prints the differences; everything goes to server-args.json.
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import allCases from './server-args-cases.mjs';
import {
  entrypoint,
  go,
  inServer,
  product,
  pgWork,
  save,
  share,
  servers,
  shellQuote,
  showAll,
  ensureCluster,
  findingsOf,
  statefulSet,
} from './lib.mjs';

const { readPostgresWorkload } = await product('workload/read-postgres-workload.ts');
const { readSettings } = await product('workload/read-settings.ts');
const { memoryParameter, countParameter } = await product('checks/parameters/parameter-value.ts');

const cases = share(allCases);
const pairs = (env) => (Array.isArray(env) ? env : Object.entries(env ?? {}));

// ---- the product
const manifest = (one, index) =>
  statefulSet(index, {
    annotations: one.annotation === undefined ? undefined : { 'postgres.io/parameters': one.annotation },
    container: {
      ...(one.image === undefined ? {} : { image: one.image }),
      ...(one.command === undefined ? {} : { command: one.command }),
      ...(one.args === undefined ? {} : { args: one.args }),
      securityContext: { runAsUser: 999, runAsNonRoot: true },
      ports: [{ name: 'postgres', containerPort: 5432 }],
      env: [
        { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
        ...pairs(one.env).map(([name, value]) => ({ name, value })),
      ],
    },
  });
const manifests = cases.map(manifest);
const readings = manifests.map((object) => {
  const settings = readSettings({ statefulset: object.metadata.annotations ?? {} });
  const { server } = readPostgresWorkload(object, settings, 'default');
  return {
    form: server.start,
    parameters: Object.fromEntries([...server.parameters].map(([name, { value }]) => [name, value])),
    port: server.port,
    numbers: Object.fromEntries([
      ['shared_buffers', memoryParameter(server, 'shared_buffers')?.bytes / 8192],
      ['work_mem', memoryParameter(server, 'work_mem')?.bytes / 1024],
      ['max_connections', countParameter(server, 'max_connections')],
    ]),
  };
});
const findings = findingsOf('server-args', manifests);

// ---- the real ones: kubelet, entrypoint or shell, and then postgres
const stubs = join(pgWork, 'stubs');
const stub = (name, text) => {
  writeFileSync(join(stubs, name), text);
  chmodSync(join(stubs, name), 0o755);
};
spawnSync('mkdir', ['-p', stubs, join(pgWork, 'hasdata')]);
spawnSync('chmod', ['1777', stubs, join(pgWork, 'hasdata')]);
writeFileSync(join(pgWork, 'hasdata', 'PG_VERSION'), '17\n');
const record = `#!/bin/bash\n{ printf '%s\\0' "\${PGPORT-}" "$@" | base64 -w0; echo; } >>"$RECORD"\nexit 0\n`;
for (const name of ['postgres', 'postmaster']) stub(name, record);
for (const name of ['gosu', 'su-exec']) stub(name, '#!/bin/bash\nshift\nexec "$@"\n');
for (const name of ['tini', 'dumb-init'])
  stub(name, '#!/bin/bash\nwhile [[ $1 == -* && $1 != -- ]]; do shift; done\n[[ $1 == -- ]] && shift\nexec "$@"\n');
stub('ash', '#!/bin/bash\nexec dash "$@"\n');
spawnSync('cp', [entrypoint, join(stubs, 'docker-entrypoint.sh')]);
chmodSync(join(stubs, 'docker-entrypoint.sh'), 0o755);

const texts = cases.map((one) => [...(one.command ?? []), ...(one.args ?? [])]);
const expanded = go(
  'expand',
  cases.flatMap((one, index) => texts[index].map((text) => ({ env: pairs(one.env), text }))),
);
const environments = go(
  'expand',
  cases.map((one) => ({ env: pairs(one.env), text: '' })),
).map(({ env }) => env);
let at = 0;
const host = servers.find(({ root }) => root === undefined);
ensureCluster(host);
const script = cases.map((one, index) => {
  const words = texts[index].map(() => expanded[at++].text);
  const command = words.slice(0, (one.command ?? []).length);
  const args = words.slice(command.length);
  // ENTRYPOINT ["docker-entrypoint.sh"], CMD ["postgres"]
  const whole =
    one.command !== undefined && command.length > 0
      ? [...command, ...args]
      : ['docker-entrypoint.sh', ...(args.length > 0 ? args : ['postgres'])];
  const here = whole.map((word) =>
    word
      .replaceAll('/usr/lib/postgresql/17/bin/', `${stubs}/`)
      .replaceAll('/usr/local/bin/docker-entrypoint.sh', `${stubs}/docker-entrypoint.sh`),
  );
  if (one.annotation !== undefined)
    here.push(...Object.entries(readings[index].parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]));
  const env = Object.entries(environments[index])
    .map(([name, value]) => shellQuote(`${name}=${value}`))
    .join(' ');
  return `: >$R; (cd /tmp; exec timeout 10 env -i PATH=${stubs}:/usr/bin:/bin HOME=/tmp RECORD=$R PGDATA=${pgWork}/hasdata ${env} ${here.map(shellQuote).join(' ')}) >/dev/null 2>$R.err </dev/null; echo "$? $(tr '\\n' ',' <$R) $(head -c 300 $R.err | base64 -w0)"`;
});
const started = inServer(host, `R=$(mktemp)\n${script.join('\n')}\nrm -f $R $R.err`);
const lines = started.stdout.trimEnd().split('\n');
if (lines.length !== cases.length) throw new Error(`${lines.length} lines, ${cases.length} cases: ${started.stderr}`);
const invocations = lines.map((line) => {
  const [, calls = ''] = line.split(' ');
  return calls
    .split(',')
    .filter(Boolean)
    .map((call) => {
      const [port, ...argv] = Buffer.from(call, 'base64').toString('utf8').split('\0').slice(0, -1);
      return { port, argv };
    });
});

const usual = ['fsync', 'full_page_writes', 'wal_level'];
const watched = cases.map((one, index) => [
  ...new Set([
    ...usual,
    ...one.watch,
    ...Object.keys(readings[index].parameters).filter((name) => /^[a-z_.]+$/.test(name)),
  ]),
]);
const keyOf = (name, argv, port) => JSON.stringify([name, argv, port]);
const jobs = new Map();
const want = (name, argv, port = '') => {
  const key = keyOf(name, argv, port);
  if (!jobs.has(key)) jobs.set(key, { name, argv, env: port === '' ? {} : { PGPORT: port } });
  return key;
};
for (const [index] of cases.entries()) {
  for (const name of watched[index]) {
    for (const { argv, port } of invocations[index]) want(name, argv, port);
    const raw = readings[index].parameters[name];
    want(name, raw === undefined ? [] : ['-c', `${name}=${raw}`]);
  }
}
console.log(`${cases.length} cases, ${jobs.size} questions to each of ${servers.map(({ major }) => major).join(', ')}`);
const answers = new Map();
for (const server of servers) {
  const list = [...jobs];
  const shown = [];
  for (let from = 0; from < list.length; from += 2000)
    shown.push(
      ...showAll(
        server,
        list.slice(from, from + 2000).map(([, job]) => job),
      ),
    );
  answers.set(server.major, new Map(list.map(([key], index) => [key, shown[index]])));
}
const answer = (major, name, argv, port = '') => answers.get(major).get(keyOf(name, argv, port));

// ---- comparison
const dangers = {
  fsync: [(v) => v === 'off', 'fsync-off'],
  full_page_writes: [(v) => v === 'off', 'full-page-writes-off'],
  wal_level: [(v) => v === 'minimal', 'wal-level-minimal'],
  synchronous_commit: [(v) => v === 'off', 'sync-commit-off'],
  zero_damaged_pages: [(v) => v === 'on', 'zero-damaged-pages'],
  ignore_system_indexes: [(v) => v === 'on', 'ignore-system-indexes'],
  allow_system_table_mods: [(v) => v === 'on', 'allow-system-table-mods'],
  archive_mode: [(v) => v !== 'off', 'archive-args-conflict'],
  huge_pages: [(v) => v === 'on', 'hugepages-unmatched'],
  password_encryption: [(v) => v === 'md5', 'md5-auth'],
  max_wal_senders: [(v) => Number(v) < 3, 'wal-level-minimal'],
  max_replication_slots: [(v) => Number(v) < 2, 'wal-level-minimal'],
};
const results = cases.map((one, index) => {
  const reading = readings[index];
  const found = findings.get(`case-${index}`) ?? [];
  const denied = found.filter(({ severity }) => severity === 'deny').map(({ check }) => check);
  const kinds = new Set();
  const notes = [];
  const dangerous = new Set();
  let starts = false;
  let fatal = '';
  for (const { major } of servers) {
    for (const { argv, port } of invocations[index]) {
      for (const name of watched[index]) {
        const real = answer(major, name, argv, port);
        const raw = reading.parameters[name];
        if (real.fatal !== undefined) {
          fatal ||= `${major}: ${real.fatal}`;
          continue;
        }
        starts = true;
        const taken =
          name === 'port'
            ? { value: String(reading.port) }
            : answer(major, name, raw === undefined ? [] : ['-c', `${name}=${raw}`]);
        if (taken.value !== real.value) {
          const more = name === 'fsync' || dangers[name] !== undefined ? '' : ' (not judged by a check)';
          notes.push(
            `${major}: ${name} real ${JSON.stringify(real.value)}, product ${raw === undefined ? 'nothing' : JSON.stringify(raw)}${name === 'port' ? ` (port ${reading.port})` : ''}${more}`,
          );
          kinds.add('reading');
        }
        const number = reading.numbers[name];
        if (
          name in reading.numbers &&
          raw !== undefined &&
          (number === undefined || Number.isNaN(number) || Math.round(number) !== Number(real.value))
        ) {
          notes.push(`${major}: ${name}=${raw} is ${real.value}, the product's number is ${number}`);
          kinds.add('number');
        }
        const [isDangerous, check] = dangers[name] ?? [];
        if (isDangerous?.(real.value)) dangerous.add(check);
      }
    }
  }
  for (const check of dangerous)
    if (!found.some((finding) => finding.check === check)) {
      kinds.add(denied.length > 0 ? 'masked-hole' : 'HOLE');
      notes.push(`no ${check}; findings: ${found.map((f) => f.check).join(' ') || 'none'}`);
    }
  for (const [, check] of Object.values(dangers)) {
    const is = found.find((finding) => finding.check === check);
    if (is === undefined || dangerous.has(check)) continue;
    kinds.add(starts ? (is.severity === 'deny' ? 'FALSE-REFUSAL' : 'false-warning') : 'refused-and-does-not-start');
    if (starts) notes.push(`${check} (${is.severity}): ${is.message}`);
  }
  if (invocations[index].length === 0) kinds.add('real-starts-nothing');
  else if (!starts) {
    kinds.add(denied.length > 0 ? 'fatal-denied' : 'fatal-let-in');
    notes.push(fatal);
  } else if (fatal !== '') {
    kinds.add('some-fatal');
    notes.push(fatal);
  }
  if (starts && found.some(({ check }) => check === 'parameter-unreadable')) {
    kinds.add('FALSE-REFUSAL');
    notes.push(found.find(({ check }) => check === 'parameter-unreadable').message);
  }
  return {
    id: one.id,
    kinds: [...kinds],
    notes: [...new Set(notes)],
    form: reading.form.kind,
    parameters: reading.parameters,
    invocations: invocations[index].map(({ argv }) => argv),
    findings: found.map(({ check, severity }) => `${severity} ${check}`),
  };
});
save('server-args.json', results);
const counts = {};
for (const { kinds } of results)
  for (const kind of kinds.length === 0 ? ['same'] : kinds) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(counts);
