// The comparisons by one command: `node bench/readers/run.mjs [name …]`. Fails where pgusher reads otherwise than the real reader and
// expectations.mjs does not say why, or where it says a reason that docs/ does not give. Needs Go, and PostgreSQL on this machine and root
// for those that ask a server. See README.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectations } from './expectations.mjs';
import { goReaders, load, productDir } from './lib.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const withoutServer = ['yaml-docs', 'quantities', 'images', 'cron', 'zones'];
const withServer = ['networks', 'parameter-lists', 'listen', 'target-times'];
// Both call the official image's entrypoint, which is not kept here.
const withEntrypoint = ['server-args', 'initdb-args'];
const asked = process.argv.slice(2);
const everything = [...withoutServer, ...withServer, ...(process.env.ENTRYPOINT === undefined ? [] : withEntrypoint)];
const names = asked.length > 0 ? asked : everything;

mkdirSync(dirname(goReaders), { recursive: true });
const built = spawnSync('go', ['build', '-o', goReaders, '.'], {
  cwd: join(here, 'go'),
  stdio: 'inherit',
  env: { ...process.env, GOFLAGS: '-mod=mod' },
});
if (built.status !== 0) process.exit(1);

/** All pages, without the line breaks in their sentences. */
const docs = readdirSync(join(productDir, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => readFileSync(join(productDir, 'docs', file), 'utf8').replace(/\s+/g, ' '))
  .join(' ');

/** What differs in a row of any comparison: its name and each kind of difference. */
function differences(row) {
  const id = row.id ?? row.schedule ?? row.zone ?? row.value ?? row.text;
  const kinds = row.kinds ?? row.notes ?? [row.kind];
  return kinds.filter((kind) => !['same', 'both refuse'].includes(kind)).map((kind) => ({ id, kind, row }));
}

function isMeant(reader, { id, kind, row }) {
  return expectations.some((entry) => {
    if (entry.reader !== reader || !entry.ids.test(id)) return false;
    if (typeof entry.kind === 'string' ? entry.kind !== kind : !entry.kind.test(kind)) return false;
    return entry.onlyAtChanges !== true || isAtChanges(row);
  });
}

/** Each run of ours that a CronJob does not have, or the other way round, is within a day of a change of clocks. */
function isAtChanges({ differs }) {
  const changes = ['2027-03-28T01:00Z', '2027-10-31T01:00Z', '2027-03-14T07:00Z', '2027-11-07T06:00Z'].map((text) =>
    Date.parse(text),
  );
  const yearly = (run) => /-(03-2[5-9]|03-3[01]|10-2[5-9]|10-3[01]|03-(0[89]|1[0-4])|11-0[1-7])T/.test(run);
  return differs.every(({ ours, theirs }) => {
    const last = [ours.at(-1), theirs.at(-1)].sort()[0];
    const alone = [
      ...ours.filter((run) => !theirs.includes(run)),
      ...theirs.filter((run) => !ours.includes(run)),
    ].filter((run) => run <= last);
    return alone.every(
      (run) => yearly(run) || changes.some((change) => Math.abs(Date.parse(run) - change) < 86_400_000),
    );
  });
}

let failed = false;
for (const { reader, says } of expectations) {
  if (docs.includes(says)) continue;
  failed = true;
  console.log(`${reader}: no page of docs/ says "${says}"`);
}
for (const name of names) {
  const ran = spawnSync(process.execPath, [join(here, `${name}.mjs`)], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (ran.status !== 0) {
    console.log(`${name}: ${ran.stderr.slice(-2000)}`);
    failed = true;
    continue;
  }
  const rows = load(`${name}.json`);
  const found = rows.flatMap(differences);
  const unmeant = found.filter((difference) => !isMeant(name, difference));
  console.log(`${name}: ${rows.length} inputs, ${found.length} differences, ${unmeant.length} of them not meant`);
  for (const { id, kind } of unmeant) console.log(`  ${kind}: ${JSON.stringify(id)}`);
  failed ||= unmeant.length > 0;
}
process.exit(failed ? 1 : 0);
