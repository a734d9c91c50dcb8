// replication-network: what the product takes, and what pg_hba_file_rules makes of the same text in the address column.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCluster, inServer, pgWork, product, save, servers } from './lib.mjs';

const { isReplicationNetwork } = await product('workload/network-syntax.ts');
const cases = [
  'samenet',
  'samehost',
  'all',
  'ALL',
  'SameNet',
  'Samehost',
  '"all"',
  '"samenet"',
  '10.0.0.0/8',
  '10.0.0.0/08',
  '10.0.0.0/008',
  '10.0.0.0/0',
  '0.0.0.0/0',
  '10.1.2.3/8',
  '10.0.0.1/32',
  '10.0.0.1',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.0/+8',
  '10.0.0.0/ 8',
  '10.0.0.0 /8',
  '10.0.0.0/8 ',
  '10.0.0.0/0x8',
  '10.0.0.0/8.0',
  '10.0.0.0/255.0.0.0',
  '10/8',
  '10.0/16',
  '10.0.0/24',
  '10.0.0.0.0/8',
  '10.0.0.256/8',
  '010.0.0.0/8',
  '08.0.0.0/8',
  '0x0a.0.0.0/8',
  '10.0.0.00/8',
  '1.2.3.4/031',
  '::/0',
  '::1/128',
  '::1',
  'fd00::/8',
  'FD00::/8',
  'fd00::1/64',
  'fd00::/129',
  'fd00:0:0:0:0:0:0:0/8',
  'fd00:0:0:0:0:0:0/8',
  'fd00::0::1/8',
  '::ffff:10.0.0.0/104',
  '::10.0.0.0/104',
  '::ffff:10.0.0/104',
  '[fd00::]/8',
  'fd00::%eth0/64',
  'fe80::1%1/64',
  '::/00',
  '1:2:3:4:5:6:7::/64',
  '1:2:3:4:5:6:7:8::/64',
  '::2:3:4:5:6:7:8/64',
  '0::/0',
  '1::2:3:4:5:6:7:8/64',
  'fd00:00001::/32',
  'fd0g::/8',
  ':::/0',
  'fd00:/8',
  'orders',
  'orders.shop.svc',
  '.svc.cluster.local',
  'localhost',
  '*',
  '',
  '10.0.0.0/8,10.1.0.0/16',
  '10.0.0.0/8, 11.0.0.0/8',
  '10.0.0.0/8 11.0.0.0/8',
  '10.0.0.0 255.0.0.0',
  '@file',
  '"10.0.0.0/8"',
  '10.0.0.0/8#x',
  '10.0.0.0/8 # x',
  '10.0.0.0/8\ttrust',
  '10.0.0.0/8 trust',
  '1.1/16',
  '4294967295/32',
  '0/0',
  '00.0.0.0/8',
  '1.2.3.4/ 32',
  '10.0.0.0/1e1',
  '10.0.0.0/８',
  '::FFFF:0:0/96',
  '64:ff9b::/96',
  '2001:db8::/32',
  '2001:DB8::/32',
  '::1.2.3.4/128',
  '::1.2.3.4.5/128',
  '::01.2.3.4/128',
  '1:2:3:4:5:6:1.2.3.4/128',
  '1:2:3:4:5:6:7:1.2.3.4/128',
  '::1.2.3/128',
  '::1.2.3.256/128',
  '1.2.3.4::/64',
  'fd00::/64/',
  '10.0.0.0//8',
  'samenet/8',
  'all/0',
  'samenet ',
  ' all',
];
const results = cases.map((text) => ({ text, product: isReplicationNetwork(text), real: {} }));
for (const server of servers) {
  ensureCluster(server);
  writeFileSync(
    join(pgWork, `hba${server.major}.conf`),
    `local all all trust\n${cases.map((text) => `host replication "repl" ${text} scram-sha-256`).join('\n')}\n`,
    { mode: 0o644 },
  );
  // The server starts with a good file; the function reads the file anew.
  const out = inServer(
    server,
    `cp $W/data$PG_MAJOR/pg_hba.conf $W/hba-good.conf; mkdir -p $W/s$PG_MAJOR
pg_ctl -D $W/data$PG_MAJOR -w -l $W/sql.log -o "-c listen_addresses= -k $W/s$PG_MAJOR -c fsync=off" start >/dev/null
cp $W/hba$PG_MAJOR.conf $W/data$PG_MAJOR/pg_hba.conf
psql -X -q -At -F '|' -U postgres -h $W/s$PG_MAJOR -c "select line_number, coalesce(address,''), coalesce(netmask,''), auth_method, coalesce(error,'') from pg_hba_file_rules order by 1" postgres
cp $W/hba-good.conf $W/data$PG_MAJOR/pg_hba.conf; pg_ctl -D $W/data$PG_MAJOR -w -m fast stop >/dev/null; rm -f $W/hba-good.conf $W/sql.log`,
  ).stdout;
  for (const line of out.trimEnd().split('\n')) {
    const [number, address, netmask, method, ...error] = line.split('|');
    const result = results[Number(number) - 2];
    if (result === undefined) continue;
    result.real[server.major] = error.join('|') !== '' ? { error: error.join('|') } : { address, netmask, method };
  }
}
for (const result of results) {
  const reals = Object.values(result.real);
  const takes = reals.length > 0 && reals.every(({ error }) => error === undefined);
  const hosts =
    takes && reals.some(({ netmask, address }) => netmask === '' && !['all', 'samenet', 'samehost'].includes(address));
  result.kind = result.product
    ? takes &&
      reals.every(
        ({ method, address, netmask }) =>
          method === 'scram-sha-256' && (netmask !== '' || ['all', 'samenet', 'samehost'].includes(address)),
      )
      ? 'same'
      : 'product takes, server does not (or as something else)'
    : takes
      ? hosts
        ? 'product refuses; a host name for the server'
        : 'product refuses, server takes'
      : 'both refuse';
}
save('networks.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'addresses', counts);
for (const { text, kind, real } of results)
  if (kind !== 'same' && kind !== 'both refuse')
    console.log(`- ${kind}: ${JSON.stringify(text)} ${JSON.stringify(real).slice(0, 230)}`);
