// POSTGRES_INITDB_ARGS and POSTGRES_HOST_AUTH_METHOD: what the product's checks say, and what the image's entrypoint (which gives the
// former to `eval`) and the real initdb make of it: the methods for hosts in pg_hba.conf, checksums, and settings that initdb writes.
import { Buffer } from 'node:buffer';
import { copyFileSync, chmodSync } from 'node:fs';
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
const manifest = ({ env }, index) =>
  statefulSet(index, {
    mountPath: '/var/lib/postgresql',
    container: {
      image: 'postgres:18.1-trixie',
      env: [
        { name: 'PGDATA', value: '/var/lib/postgresql/18/docker' },
        ...Object.entries(env).map(([name, value]) => ({ name, value })),
      ],
    },
  });
const findings = findingsOf('initdb-args', cases.map(manifest));

// The entrypoint is sourced, and its functions are called up to the first start: initdb in dry words, pg_hba.conf for real.
copyFileSync(entrypoint, join(pgWork, 'entry.sh'));
chmodSync(join(pgWork, 'entry.sh'), 0o755);
const environments = go(
  'expand',
  cases.map(({ env }) => ({ env: Object.entries(env), text: '' })),
).map(({ env }) => env);
const server = servers.at(-1);
const lines = cases.map(
  (_one, index) =>
    `go ${Object.entries(environments[index])
      .map(([name, value]) => shellQuote(`${name}=${value}`))
      .join(' ')}`,
);
const script = `
go() {
  rm -rf $W/init; mkdir -p $W/init
  env "$@" PGDATA=$W/init/data POSTGRES_PASSWORD=secret bash -c '
    . $W/entry.sh
    initdb() { command initdb -N "$@"; }
    docker_setup_env; docker_create_db_directories; docker_init_database_dir && pg_setup_hba_conf postgres' >$W/init/log 2>&1
  rc=$?
  d=$W/init/data; [ -e $d/PG_VERSION ] || d=/tmp/x
  { echo "rc $rc"; grep -hE "^(host|local)" $d/pg_hba.conf | tr -s ' \\t' ' '; pg_controldata $d 2>/dev/null | grep -i "checksum version"; for p in fsync wal_level; do echo "$p $(postgres -C $p -D $d 2>&1)"; done; echo "last $(tail -1 $W/init/log)"; } 2>/dev/null | base64 -w0; echo
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
const results = cases.map(({ env }, index) => {
  const text = out[index];
  const found = (findings.get(`case-${index}`) ?? [])
    .map(({ check, severity }) => `${severity} ${check}`)
    .filter((name) => /trust|md5|checksums|initdb|fsync|wal-level/.test(name));
  const made = /^rc 0/.test(text);
  // First match counts for a host that is not 127.0.0.1: the lines of initdb are for loopback, the entrypoint's is for all.
  const everyone = [...text.matchAll(/^host all all all (.*)$/gm)].map(
    ([, method]) => method.replaceAll('"', '').split(' ')[0],
  );
  const loopback = /^host all all 127\.0\.0\.1\/32 (.*)$/m.exec(text)?.[1];
  const local = /^local all all (.*)$/m.exec(text)?.[1];
  const real = {
    made,
    everyone: everyone[0],
    loopback,
    local,
    checksums: /version: +(\d)/.exec(text)?.[1],
    fsync: /^fsync (.*)$/m.exec(text)?.[1],
    wal_level: /^wal_level (.*)$/m.exec(text)?.[1],
    last: made ? undefined : /^last (.*)$/m.exec(text)?.[1],
  };
  const notes = [];
  if (made) {
    const says = (check) => found.some((name) => name.endsWith(check));
    if (everyone[0] === 'trust' && !says('trust-auth')) notes.push('HOLE: everybody is trusted');
    if (loopback === 'trust' && !says('trust-auth')) notes.push('loopback is trusted, trust-auth silent');
    if (loopback !== 'trust' && everyone[0] !== 'trust' && says('trust-auth')) notes.push('FALSE trust-auth');
    if (real.checksums === '0' && !says('checksums-off')) notes.push('no checksums, checksums-off silent');
    if (real.checksums !== '0' && says('checksums-off')) notes.push('FALSE checksums-off');
    if (real.fsync === 'off' && !says('fsync-off')) notes.push('HOLE: fsync off');
    if (real.wal_level === 'minimal' && !says('wal-level-minimal')) notes.push('HOLE: wal_level minimal');
    if (['md5', 'password'].includes(loopback) && !says('md5-auth'))
      notes.push(`loopback by ${loopback}, md5-auth silent`);
    if (['md5', 'password'].includes(everyone[0]) && !says('md5-auth'))
      notes.push(`everybody by ${everyone[0]}, md5-auth silent`);
  }
  return { env, found, real, notes };
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
for (const { env, found, real, notes } of results)
  console.log(
    `${notes.length > 0 ? '- ' + notes.join('; ') : '  same'}: ${JSON.stringify(env)} | ${found.join(', ') || 'silent'} | ${JSON.stringify(real)}`,
  );
