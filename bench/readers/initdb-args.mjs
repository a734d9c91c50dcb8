// POSTGRES_INITDB_ARGS and POSTGRES_HOST_AUTH_METHOD: what the product's checks say, and what the image's entrypoint (which gives the
// former to `eval`), the real initdb and the first start of the server make of it: whether there is a database at all, the methods for hosts
// in pg_hba.conf, checksums, and settings that initdb writes. Of the last of PG_ROOTS, with the image of its major.
import { Buffer } from 'node:buffer';
import { copyFileSync, chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { entrypoint, findingsOf, go, inServer, pgWork, save, servers, share, shellQuote, statefulSet } from './lib.mjs';

const cases = share([
  ...[
    '--auth=trust',
    '--auth trust',
    '-A trust',
    '-Atrust',
    '-A  trust',
    '-A "trust"',
    "-A 'trust'",
    '--auth="trust"',
    '--auth-host=trust',
    '--auth-host trust',
    '--auth-host="trust"',
    '--auth-h=trust',
    '--auth-ho trust',
    '--aut=trust',
    '--auth-local=trust',
    '--auth-l=trust',
    '--auth-host=scram-sha-256',
    '--auth-host=scram-sha-256 --auth=trust',
    '--auth=trust --auth-host=scram-sha-256',
    '-A trust --auth-host=scram-sha-256',
    '--auth-host=trust -A scram-sha-256',
    '-kA trust',
    '-kAtrust',
    '-NA trust',
    '-k -A trust',
    '--auth=tr"us"t',
    '--auth\\=trust',
    '--auth=md5',
    '--auth-host=md5',
    '--auth=password',
    '--auth=TRUST',
    '--auth-host=ident',
    '--auth=peer',
    '--auth-host=reject',
    '--auth-local=reject --auth-host=scram-sha-256',
    '--auth-local=peer',
    '-A\ttrust',
    '\n-A trust',
    '$(echo --auth=trust)',
    '${NOTHING:---auth=trust}',
    '--data-checksums',
    '-k',
    '--no-data-checksums',
    '--no-data-check',
    '--no-data',
    '-k --no-data-checksums',
    '--no-data-checksums -k',
    '--data-checksums --no-data-checksums',
    "--no-data-'checksums'",
    '--no-sync --no-data-checksums',
    '-c fsync=off',
    '--set fsync=off',
    '--set=fsync=off',
    '-cfsync=off',
    '-c wal_level=minimal -c max_wal_senders=0',
    '--wal-segsize=1',
    '--encoding=UTF8 --locale=C',
    '-E UTF8 --lc-collate=C',
    '--locale-provider=icu --icu-locale=de',
    "--auth-host=scram-sha-256 -c 'log_line_prefix=%m '",
    '--username=x',
    '-U x',
    '-D /tmp/x',
    '--waldir=/tmp/x',
    '-X /tmp/x',
    '--pgdata=/tmp/x',
    '--allow-group-access',
    '-g',
    '-A md5 -E $(printf UTF8)',
    '-A md5 -E `printf UTF8`',
    '`printf -- -Amd5`',
    '--auth-host=$(printf reject)',
    '-k\n',
    '-k\n--auth-host=scram-sha-256',
    '-k \\\n--auth-host=scram-sha-256',
    '-k; true',
    '--auth-hots=scram-sha-256',
    'UTF8',
  ].map((text) => ({ env: { POSTGRES_INITDB_ARGS: text } })),
  ...[
    'trust',
    ' trust',
    'trust ',
    'TRUST',
    '"trust"',
    'trust # x',
    'trust\n',
    'md5',
    'scram-sha-256',
    'password',
    'reject',
    '',
    'peer',
    'ident',
    'cert',
    'trust clientcert=verify-ca',
    'md5\nhost all all all trust',
  ].map((text) => ({ env: { POSTGRES_HOST_AUTH_METHOD: text } })),
  { env: { M: 'trust', POSTGRES_HOST_AUTH_METHOD: '$(M)' } },
  { env: { M: '--auth=trust', POSTGRES_INITDB_ARGS: '$(M)' } },
  { env: { M: 'trust', POSTGRES_INITDB_ARGS: '--auth-host=$(M)' } },
  { env: { M: '--no-data-checksums', POSTGRES_INITDB_ARGS: '$(M)' } },
  { env: { M: 'trust', POSTGRES_INITDB_ARGS: '--auth-host=$M' } },
]);
const server = servers.at(-1);
// Where the official images of that major have their volume.
const [mountPath, data] =
  Number(server.major) < 18
    ? ['/var/lib/postgresql/data', '/var/lib/postgresql/data/pgdata']
    : ['/var/lib/postgresql', `/var/lib/postgresql/${server.major}/docker`];
const manifest = ({ env }, index) =>
  statefulSet(index, {
    mountPath,
    container: {
      image: `postgres:${server.major}`,
      env: [{ name: 'PGDATA', value: data }, ...Object.entries(env).map(([name, value]) => ({ name, value }))],
    },
  });
const findings = findingsOf('initdb-args', cases.map(manifest));

// The entrypoint is sourced, and its functions are called as its _main does, until the first server has been asked and is stopped. Nothing
// is synced, and nobody listens but on a socket of another number.
mkdirSync(pgWork, { recursive: true });
chmodSync(pgWork, 0o1777);
copyFileSync(entrypoint, join(pgWork, 'entry.sh'));
chmodSync(join(pgWork, 'entry.sh'), 0o755);
const environments = go(
  'expand',
  cases.map(({ env }) => ({ env: Object.entries(env), text: '' })),
).map(({ env }) => env);
const lines = cases.map(
  (_one, index) =>
    `go ${Object.entries(environments[index])
      .map(([name, value]) => shellQuote(`${name}=${value}`))
      .join(' ')}`,
);
const script = `
go() {
  rm -rf $W/init; mkdir -p $W/init
  env "$@" PGDATA=$W/init/data POSTGRES_PASSWORD=secret PGPORT=54329 bash -c '
    . $W/entry.sh
    initdb() { command initdb -N "$@"; }
    docker_setup_env
    docker_create_db_directories
    docker_verify_minimum_env
    docker_init_database_dir
    pg_setup_hba_conf postgres
    export PGPASSWORD=$POSTGRES_PASSWORD
    docker_temp_server_start postgres -c fsync=off
    trap docker_temp_server_stop EXIT
    docker_setup_db' >$W/init/log 2>&1
  rc=$?
  d=$W/init/data
  {
    echo "rc $rc"
    if [ -e $d/PG_VERSION ]; then
      grep -hE "^(host|local)" $d/pg_hba.conf | tr -s ' \\t' ' '
      [ ! -L $d/pg_wal ] || echo "wal $(readlink $d/pg_wal)"
      pg_controldata $d | grep -i "checksum version"
      for p in fsync wal_level; do echo "$p $(postgres -C $p -D $d 2>&1)"; done
    fi
    echo "said $(grep -E "^initdb: error|FATAL|ERROR|LOG: +invalid|unrecognized|ambiguous|could not" $W/init/log | head -1)"
  } 2>/dev/null | base64 -w0
  echo
  rm -rf /tmp/x
}
${lines.join('\n')}
rm -rf $W/init $W/entry.sh`;
const out = inServer(server, script)
  .stdout.trimEnd()
  .split('\n')
  .map((row) => Buffer.from(row, 'base64').toString('utf8'));
if (!out.some((text) => text.startsWith('rc 0')))
  throw new Error(`no database was made; ENTRYPOINT must name the official image's entrypoint: ${out[0]}`);
if (out.length !== cases.length) throw new Error(`${out.length} of ${cases.length}`);
/** What the agent can log in with, from 127.0.0.1. */
const agentMethods = ['trust', 'scram-sha-256', 'md5', 'password'];
const results = cases.map(({ env }, index) => {
  const text = out[index];
  const all = findings.get(`case-${index}`) ?? [];
  const found = all
    .map(({ check, severity }) => `${severity} ${check}`)
    .filter(
      (name) => name.startsWith('deny ') || /trust|md5|checksums|initdb|fsync|wal-level|variable-unknown/.test(name),
    );
  const says = (...checks) => all.some(({ check }) => checks.includes(check));
  const made = /^rc 0$/m.test(text);
  // First match counts for a host that is not 127.0.0.1: the lines of initdb are for loopback, the entrypoint's is for all.
  const everyone = /^host all all all (.*)$/m.exec(text)?.[1]?.replaceAll('"', '').split(' ')[0];
  const loopback = /^host all all 127\.0\.0\.1\/32 (.*)$/m.exec(text)?.[1];
  const real = {
    made,
    everyone,
    loopback,
    local: /^local all all (.*)$/m.exec(text)?.[1],
    checksums: /version: +(\d)/.exec(text)?.[1],
    wal: /^wal (.*)$/m.exec(text)?.[1],
    fsync: /^fsync (.*)$/m.exec(text)?.[1],
    wal_level: /^wal_level (.*)$/m.exec(text)?.[1],
    said: made ? undefined : /^said (.*)$/m.exec(text)?.[1],
  };
  const weak = (method) => ['md5', 'password'].includes(method);
  /** Each as [whether it is so, the check that says it, what it is]. No check: it is what the image does when it is told nothing. */
  const judged = [
    [everyone === 'trust', 'trust-auth', 'everybody is trusted'],
    [loopback === 'trust' && everyone !== 'trust', undefined, 'loopback is trusted'],
    [
      real.checksums === '0' && Number(server.major) < 18,
      undefined,
      `no checksums, which initdb of ${server.major} leaves out`,
    ],
    [real.checksums === '0' && Number(server.major) >= 18, 'checksums-off', 'no checksums'],
    [real.fsync === 'off', 'fsync-off', 'fsync is off'],
    [real.wal_level === 'minimal', 'wal-level-minimal', 'wal_level is minimal'],
    [real.wal !== undefined, 'waldir-volume', 'the WAL is beside the volume'],
    [weak(everyone) || weak(loopback), 'md5-auth', 'a password is sent or kept weakly'],
    [!agentMethods.includes(loopback), 'initdb-auth-breaks-local', 'the agent is kept out'],
  ];
  const notes = [];
  if (!made && found.length === 0) notes.push('does not start: silent');
  for (const [is, check, what] of made ? judged : []) {
    // Where a program is asked for arguments, that they are not known is what there is to say.
    if (is && (check === undefined || !says(check, 'variable-unknown')))
      notes.push(check === undefined ? `${what}: not said` : `HOLE: ${what}`);
    if (!is && check !== undefined && says(check)) notes.push(`FALSE ${check}`);
  }
  const known = judged.map(([, check]) => check);
  if (made)
    for (const { check, severity } of all)
      if (severity === 'deny' && !known.includes(check)) notes.push(`FALSE REFUSAL: ${check}`);
  const id = Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  return { id, notes, found, real };
});
save('initdb-args.json', results);
console.log(
  cases.length,
  'environments, initdb of',
  server.major,
  ':',
  results.filter(({ notes }) => notes.length > 0).length,
  'differ',
);
for (const { id, notes, found, real } of results)
  console.log(
    `${notes.length > 0 ? '- ' + notes.join('; ') : '  same'}: ${JSON.stringify(id)} | ${found.join(', ') || 'silent'} | ${JSON.stringify(real)}`,
  );
