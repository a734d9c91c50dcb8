// listen_addresses: what the check listen-localhost says, and whether the real server answers on 127.0.0.1 and on an address of the network.
import { ensureCluster, findingsOf, inServer, save, servers, shellQuote, statefulSet } from './lib.mjs';

const cases = [
  '*',
  '',
  'localhost',
  '127.0.0.1',
  '0.0.0.0',
  '::',
  '::1',
  '*,localhost',
  'localhost,10.0.0.1',
  '"*"',
  '"localhost"',
  "'*'",
  ' * ',
  '127.1',
  '0',
  '127.0.0.2',
  '127.0.0.1,0.0.0.0',
  'LOCALHOST',
  ',',
  '*,',
  'localhost,',
  'ip6-localhost',
  '0.0.0.0,::',
  '::,127.0.0.1',
  'localhost 127.0.0.1',
  'nosuchhost',
  'nosuchhost,127.0.0.1',
  '0x7f.1',
  '*:5432',
  '"LOCALHOST"',
  '0.0.0.0/0',
  'all',
];
const manifest = (value, index) => statefulSet(index, { container: { args: ['-c', `listen_addresses=${value}`] } });
const findings = findingsOf('listen', cases.map(manifest));
const server = servers.find(({ root }) => root === undefined);
ensureCluster(server);
const script = `mkdir -p $W/sl
other=$(hostname -I | cut -d' ' -f1)
go() {
  postgres -D $W/data${server.major} -c fsync=off -c shared_buffers=1MB -c port=59331 -c unix_socket_directories=$W/sl -c listen_addresses="$1" >$W/listen.log 2>&1 </dev/null &
  pid=$!
  for i in $(seq 50); do pg_isready -q -h $W/sl -p 59331 && break; kill -0 $pid 2>/dev/null || break; sleep 0.1; done
  up=no; kill -0 $pid 2>/dev/null && up=yes
  l=no; pg_isready -q -h 127.0.0.1 -p 59331 && l=yes
  o=no; [ -n "$other" ] && pg_isready -q -h "$other" -p 59331 && o=yes
  kill -INT $pid 2>/dev/null; wait $pid
  echo "$up $l $o"
}
${cases.map((value) => `go ${shellQuote(value)}`).join('\n')}
rm -rf $W/sl $W/listen.log`;
const rows = inServer(server, script)
  .stdout.trimEnd()
  .split('\n')
  .map((row) => row.split(' '));
const results = cases.map((value, index) => {
  const found = (findings.get(`case-${index}`) ?? []).find(({ check }) => check === 'listen-localhost');
  const [up, loopback, other] = rows[index];
  const notes = [];
  if (up === 'yes' && loopback === 'no' && found?.severity !== 'deny') notes.push('HOLE: the agent cannot connect');
  if (up === 'yes' && loopback === 'yes' && found?.severity === 'deny') notes.push('FALSE REFUSAL');
  if (up === 'yes' && loopback === 'yes' && other === 'no' && found === undefined)
    notes.push('nobody outside can connect: silent');
  if (up === 'yes' && other === 'yes' && found !== undefined) notes.push('FALSE WARNING');
  return { value, found: found?.severity, up, loopback, other, notes };
});
save('listen.json', results);
console.log(cases.length, 'values');
for (const { value, found, up, loopback, other, notes } of results)
  console.log(
    `${notes.length > 0 ? '- ' + notes.join('; ') : '  same'}: ${JSON.stringify(value)} product ${found ?? 'silent'}; starts ${up}, answers on loopback ${loopback}, on the network ${other}`,
  );
