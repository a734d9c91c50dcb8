// The annotation `parameters` says that quotes are as in postgresql.conf: what the product makes of a value, and what a line of that file does.
import { Buffer } from 'node:buffer';
import { ensureCluster, inServer, product, save, servers, shellQuote } from './lib.mjs';

const { parseParameterList } = await product('workload/parameter-list.ts');
const cases = [
  "search_path='a, b'",
  "search_path='it''s'",
  "search_path='a\\b'",
  "search_path='a\\\\b'",
  "search_path='\\101'",
  "log_line_prefix='\\t'",
  "log_line_prefix='%m \\[%p\\]'",
  "log_line_prefix='it\\'s'",
  'search_path=a',
  'search_path=a b',
  'search_path=a-b',
  'search_path=a.b',
  'search_path=a/b',
  'search_path="$user"',
  'search_path=\'"$user", public\'',
  'search_path=',
  "search_path=''",
  'search_path a',
  "search_path 'a b'",
  'search_path=a # c',
  "search_path='a' # c",
  'work_mem=8MB',
  "work_mem='8 MB'",
  'work_mem=8 MB',
  "search_path = 'a'",
  "SEARCH_PATH='a'",
  "search-path='a'",
  'search_path=a:b',
  'search_path=%m',
  'search_path=1',
  'search_path=-1',
  'search_path=on',
  "myapp.x='1'",
  "myapp.X='1'",
  "search_path='a''",
  "search_path='a'b",
  "search_path=a'b'",
];
const server = servers[0];
ensureCluster(server);
const name = (text) => /^\s*([\w.-]+)/.exec(text)[1].replace('-', '_').toLowerCase();
const out = inServer(
  server,
  cases
    .map(
      (text) =>
        `mkdir -p $W/pl; printf '%s\\n' ${shellQuote(text)} >$W/pl/postgresql.conf; v=$(postgres -C ${shellQuote(name(text))} -D $W/pl 2>$W/pl/err) && printf '%s' "ok $v" | base64 -w0 || { printf 'error ' ; tail -1 $W/pl/err; } | base64 -w0; echo`,
    )
    .join('\n') + '\nrm -rf $W/pl',
)
  .stdout.trimEnd()
  .split('\n')
  .map((row) => Buffer.from(row, 'base64').toString('utf8'));
const results = cases.map((text, index) => {
  const ours = parseParameterList(text)?.map(([, value]) => value)[0];
  const real = out[index];
  const kind = real.startsWith('error')
    ? ours === undefined
      ? 'both refuse'
      : 'product takes, file does not'
    : ours === undefined
      ? 'product refuses, file takes'
      : `ok ${ours}` === real
        ? 'same'
        : 'OTHER VALUE';
  return { text, kind, product: ours, real };
});
save('parameter-lists.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'values', counts);
for (const { text, kind, product: ours, real } of results)
  if (kind !== 'same' && kind !== 'both refuse')
    console.log(`- ${kind}: ${text} product ${JSON.stringify(ours)} file ${JSON.stringify(real.slice(0, 90))}`);
