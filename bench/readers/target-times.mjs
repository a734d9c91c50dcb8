// restore-target-time: what the product takes, and the instant that it makes of it; what the real server takes as
// recovery_target_time and the instant it would recover to (its own log line); and timestamptz in SQL.
import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import cases from './target-times-cases.mjs';
import { ensureCluster, inServer, pgWork, product, save, servers, shellQuote } from './lib.mjs';

const { settingDefinitions } = await product('workload/setting-table.ts');
const zonedTimestamp = (text) => {
  const p = settingDefinitions['restore-target-time'].parse(text.trim());
  return p.ok ? p.value : undefined;
};
const { parseTargetTime } = await product('agent/restore/target-time.ts');
const { walTimeText } = await product('agent/restore/wal-records.ts');

const ours = cases.map((text) => {
  const accepted = zonedTimestamp(text);
  if (accepted === undefined) return { accepted: false };
  try {
    return {
      accepted: true,
      given: accepted,
      instant: walTimeText(parseTargetTime(accepted)).replace('T', ' ').replace('Z', ''),
    };
  } catch (error) {
    return { accepted: true, given: accepted, agent: error.message };
  }
});

// The server says the time that it recovers to, and ends with FATAL since no commit reaches it; it can be started so again and again.
function recover(server) {
  ensureCluster(server);
  const lines = cases.map((text) => `go ${shellQuote(text)}`);
  const script = `ulimit -c 0
rm -rf $W/rec$PG_MAJOR; cp -r $W/data$PG_MAJOR $W/rec$PG_MAJOR; touch $W/rec$PG_MAJOR/recovery.signal
go() {
  timeout 30 postgres -D $W/rec$PG_MAJOR -c listen_addresses= -c unix_socket_directories=$W/rec$PG_MAJOR -c port=59${server.major} -c TimeZone=UTC -c log_timezone=UTC -c shared_buffers=1MB -c max_connections=10 -c restore_command=false -c recovery_target_time="$1" >$W/rec.log 2>&1 </dev/null
  rm -f $W/rec$PG_MAJOR/postmaster.pid
  base64 -w0 <$W/rec.log; echo
}
${lines.join('\n')}
rm -rf $W/rec$PG_MAJOR $W/rec.log`;
  const rows = inServer(server, script, { timeout: 900_000 })
    .stdout.trimEnd()
    .split('\n')
    .map((row) => Buffer.from(row, 'base64').toString('utf8'));
  if (rows.length !== cases.length) throw new Error(`${rows.length} for ${cases.length}`);
  return rows.map((log) => {
    const instant = /starting point-in-time recovery to (.*)/.exec(log)?.[1];
    if (instant !== undefined) return { instant: instant.replace('+00', '') };
    if (/starting archive recovery/.test(log)) return { instant: 'none: end of the WAL' };
    return { fatal: /(?:FATAL|ERROR|PANIC): +(.*)/.exec(log)?.[1] ?? log.slice(0, 200) };
  });
}

function inSql(server) {
  ensureCluster(server);
  const values = cases.map((text, index) => `(${index}, '${text.replaceAll("'", "''")}')`).join(',\n');
  writeFileSync(
    join(pgWork, `sql${server.major}.sql`),
    `set timezone = 'UTC'; create function pg_temp.read(t text) returns text language plpgsql as $$ begin return t::timestamptz::text; exception when others then return 'error: ' || sqlerrm; end $$;
select n || E'\\t' || pg_temp.read(t) from (values ${values}) v(n, t) order by n;`,
    { mode: 0o644 },
  );
  const script = `mkdir -p $W/s$PG_MAJOR; pg_ctl -D $W/data$PG_MAJOR -w -l $W/sql.log -o "-c listen_addresses= -k $W/s$PG_MAJOR -c TimeZone=UTC -c fsync=off" start >/dev/null && psql -X -q -At -U postgres -h $W/s$PG_MAJOR -f $W/sql$PG_MAJOR.sql postgres; pg_ctl -D $W/data$PG_MAJOR -w -m fast stop >/dev/null; rm -f $W/sql.log`;
  const out = inServer(server, script)
    .stdout.trimEnd()
    .split('\n')
    .filter((line) => /^\d+\t/.test(line))
    .map((line) => line.split('\t')[1]);
  if (out.length !== cases.length) throw new Error(`sql: ${out.length} for ${cases.length}`);
  return out.map((text) =>
    text.startsWith('error: ') ? { fatal: text.slice(7) } : { instant: text.replace(/\+00$/, '') },
  );
}

const short = (text) => text?.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
const real = servers.map((server) => ({ major: server.major, recovery: recover(server), sql: inSql(server) }));
const results = cases.map((text, index) => {
  const mine = ours[index];
  const theirs = Object.fromEntries(
    real.map(({ major, recovery, sql }) => [
      major,
      {
        recovery: recovery[index].instant ?? `error: ${recovery[index].fatal}`,
        sql: sql[index].instant ?? `error: ${sql[index].fatal}`,
      },
    ]),
  );
  const instants = Object.values(theirs).map(({ recovery }) => recovery);
  const sqlInstants = Object.values(theirs).map(({ sql }) => sql);
  const taken = instants.filter((instant) => !instant.startsWith('error'));
  const kinds = [];
  if (!mine.accepted) kinds.push(taken.length === 0 ? 'both refuse' : 'product refuses, server takes');
  else if (mine.agent !== undefined) kinds.push('admitted, agent refuses');
  else {
    if (taken.some((instant) => short(instant) !== short(mine.instant))) kinds.push('OTHER INSTANT than recovery');
    if (sqlInstants.some((instant) => !instant.startsWith('error') && short(instant) !== short(mine.instant)))
      kinds.push('OTHER INSTANT than SQL');
    if (taken.length < instants.length) kinds.push('product takes, server refuses');
    if (kinds.length === 0) kinds.push('same');
  }
  return { text, kinds, product: mine, real: theirs };
});
save('target-times.json', results);
const counts = {};
for (const { kinds } of results) for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'times', counts);
for (const { text, kinds, product: mine, real: theirs } of results) {
  if (kinds.includes('same') || kinds.includes('both refuse')) continue;
  console.log(`- ${kinds.join(', ')}: ${JSON.stringify(text)}\n    product ${mine.instant ?? mine.agent ?? 'refuses'}`);
  for (const [major, { recovery, sql }] of Object.entries(theirs))
    console.log(`    ${major} recovery ${recovery.slice(0, 100)} | SQL ${sql.slice(0, 80)}`);
}
// Zone-less and abbreviated: does the server's own recovery agree with its SQL?
console.log('recovery and SQL of one server differ:');
for (const { text, real: theirs } of results)
  for (const [major, { recovery, sql }] of Object.entries(theirs))
    if (
      !recovery.startsWith('error') &&
      !sql.startsWith('error') &&
      short(recovery) !== short(sql) &&
      !['now', 'today', 'yesterday', 'tomorrow'].includes(text)
    )
      console.log(`- ${major} ${JSON.stringify(text)} recovery ${recovery}, SQL ${sql}`);
