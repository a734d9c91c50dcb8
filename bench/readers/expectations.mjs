/**
 * Differences that are meant. `says` is a piece of the sentence in docs/ that gives the reason: run.mjs fails where no page has it, and
 * where a difference has no entry here.
 */
export const expectations = [
  { reader: 'yaml-docs', kind: 'product refuses, kubectl reads', ids: /CR only|NEL/, says: 'Line ends are LF or CRLF' },
  { reader: 'yaml-docs', kind: 'product reads, kubectl refuses', ids: /./, says: 'What kubectl refuses' },
  {
    reader: 'yaml-docs',
    kind: 'OTHER VALUE',
    ids: /duplicate by 1\.1 key|end marker|block scalar with marker|bom in second|key \.inf|!!omap|json 1e400/,
    says: 'No manifest has any of these',
  },
  { reader: 'yaml-docs', kind: 'OTHER VALUE', ids: /"-?[0-9]{19,}"/, says: 'Numbers beyond 64 bits' },
  { reader: 'quantities', kind: 'OTHER VALUE', ids: /./, says: 'Quantities below a thousand-millionth' },
  { reader: 'networks', kind: /^product refuses/, ids: /./, says: '`replication-network` is one form' },
  { reader: 'parameter-lists', kind: /./, ids: /./, says: 'In `parameters` a value is an argument' },
  {
    reader: 'zones',
    kind: 'product takes, CronJob does not',
    ids: /^(europe\/berlin|utc)$/i,
    says: 'in any case of its letters',
  },
  {
    reader: 'zones',
    kind: 'product refuses, CronJob takes',
    ids: /^(Factory|posix\/|right\/)/,
    says: 'is a name of the IANA time zone database',
  },
  {
    reader: 'cron',
    kind: /^OTHER TIMES/,
    ids: /./,
    onlyAtChanges: true,
    says: 'A time that the clocks skip runs when they go on',
  },
  { reader: 'cron', kind: 'product refuses, CronJob takes', ids: /^@/, says: 'whose hour is the same for all sets' },
  { reader: 'cron', kind: 'never due: product refuses, CronJob takes', ids: /./, says: 'never comes due' },
  { reader: 'cron', kind: 'product takes, CronJob refuses', ids: /7|SUN/, says: '7 is' },
  {
    reader: 'cron',
    kind: 'product refuses, CronJob takes',
    ids: /,,|^,|, |\+|\*-|\/(90|32|13)/,
    says: 'a step beyond its field',
  },
  {
    reader: 'listen',
    kind: 'nobody outside can connect: silent',
    ids: /^(::,|nosuchhost,)/,
    says: '`::` beside 127.0.0.1',
  },
  { reader: 'target-times', kind: 'product refuses, server takes', ids: /^/, says: 'PostgreSQL takes more spellings' },
  { reader: 'target-times', kind: 'product takes, server refuses', ids: /Z$/, says: 'and an offset, `Z`' },
  {
    reader: 'target-times',
    kind: 'product takes, server refuses',
    ids: / [A-Z][a-z]*\//i,
    says: 'no longer has (`US/Pacific` on trixie)',
  },
  {
    reader: 'server-args',
    kind: /^(fatal-denied|fatal-let-in|refused-and-does-not-start|real-starts-nothing|some-fatal)$/,
    ids: /./,
    says: 'What the server itself refuses at its start',
  },
  { reader: 'server-args', kind: 'reading', ids: /if \[.*else/, says: 'Of several starts in a script each is judged' },
  { reader: 'server-args', kind: 'FALSE-REFUSAL', ids: /max_wal_senders="0b/, says: '`0b100` is a number' },
  {
    reader: 'server-args',
    kind: 'FALSE-REFUSAL',
    ids: /&& exec postgres .* \|\| exec postgres /,
    says: 'Of several starts in a script each is judged',
  },
  {
    reader: 'initdb-args',
    kind: 'loopback is trusted: not said',
    ids: /./,
    says: 'initdb trusts 127.0.0.1 and the socket',
  },
  {
    reader: 'initdb-args',
    kind: /^no checksums, which initdb of 1[0-7] leaves out: not said$/,
    ids: /./,
    says: 'Before 18 initdb makes no checksums',
  },
  {
    reader: 'initdb-args',
    kind: 'does not start: silent',
    ids: /=(--aut=|--auth-hots|--username=|-U |-D |--pgdata=|TRUST$|peer$|cert$|UTF8$|(-k)?\n-)/,
    says: 'What initdb refuses, or the first server',
  },
];
