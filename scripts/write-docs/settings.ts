import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { annotationPrefix } from '../../src/workload/annotation-name.ts';
import type { SettingDefinition } from '../../src/workload/setting-table.ts';
import { settingTable } from '../../src/workload/setting-table.ts';

/**
 * Writes docs/settings.md from the table of settings: `node scripts/write-docs/settings.ts`, without arguments, from
 * anywhere. test/workload/settings-docs.test.ts fails while the file and the table differ.
 */

export const settingsPath = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));

/** The whole of docs/settings.md. */
export function settingsPage(): string {
  return `${introduction}
${settingTable.map(row).join('\n')}

${closing}`;
}

const introduction = `<!-- Written by scripts/write-docs/settings.ts from src/workload/setting-table.ts. -->

# Settings

The label \`postgres.io/managed: "true"\` on a StatefulSet opts in; any other value of it opts in to nothing and gets a
warning. Everything else is an annotation on the StatefulSet's own metadata, never on its pod template:

\`\`\`yaml
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: orders
  labels:
    postgres.io/managed: 'true'
  annotations:
    postgres.io/backup-schedule: '30 2 * * *'
    postgres.io/backup-time-zone: Europe/Berlin
\`\`\`

A setting comes from the highest layer that has it: built in, the cluster config file (there without the prefix
\`postgres.io/\`), the namespace's annotations, the StatefulSet's annotations. \`pgusher explain\` prints the layer of
each value. An annotation below \`postgres.io/\` that is not in the table is refused, with the name that was probably
meant; so is a value that does not fit. [schemas/annotations.schema.json](schemas/annotations.schema.json) tells an editor the same. Annotations are text: put quotes around \`on\`, \`off\` and numbers in YAML.

"One set" in the column "where" means one database, so such a setting is taken on a StatefulSet only.

| annotation | default | meaning | accepts | where | new pods? |
| --- | --- | --- | --- | --- | --- |`;

const closing = `## New pods

- **yes**: changing the annotation renders the injected parts anew, which restarts the database.
- **live**: as an annotation it does the same; but written as a key of the ConfigMap \`<set>-pgusher\` (without prefix) it
  is read by the running agent, without a restart. An annotation for the same thing wins, but for \`synchronous\`.
- **at creation**: it shapes a claim template, which Kubernetes never lets change; later changes have no effect.

## Restore to a point in time

One of \`restore-target-time\`, \`-lsn\`, \`-xid\`, \`-name\` and \`-immediate\`, together with \`restore-id\`: a name that you
choose for this one restore. It is done once, into an empty data directory, and never again under the same name, so that
the annotations may stay where they are. A target by transaction, name or \`immediate\` needs \`restore-backup\` with the id
of a base backup too, since nothing tells which one comes before it.

\`restore-target-time\` is one form, \`2026-11-21 06:00:00+00\`: ISO 8601 with four digits of the year, from 1970 on, up to six
decimals, and an offset, \`Z\`, \`UTC\`, \`GMT\` or a zone by region and city. PostgreSQL takes more spellings; they are refused, since a
slip in one of them is another hour and no error. An abbreviation (\`CET\`, \`BST\`) or a sign of POSIX (\`UTC+2\`, which is west) is
refused because PostgreSQL reads it in more than one way; write the offset. A zone's name is read with the agent's own time zone
data, so that it may be one that the server's image no longer has (\`US/Pacific\` on trixie), in any case of its letters. An hour that the
clocks show twice is the later one, and one that they skip counts with the offset before, as in PostgreSQL. The server is handed
the instant with an offset.

## Schedule of base backups

\`backup-schedule\` is read as a CronJob reads it: five fields of numbers, names, \`*\`, ranges, lists and steps (\`0/15\` is each
quarter from 0); where day of the month and day of the week are both given, either will do, and \`*/1\` counts as \`*\`. Beyond that 7 is
Sunday too, also at the end of a range. Refused are \`@daily\` and its like, whose hour is the same for all sets of a cluster; what
never comes due; a step beyond its field (\`*/90\` in minutes is each hour, and nobody means that), empty entries and signs
(\`0,,30\`, \`+5\`); and what other crons have: \`L\`, \`W\`, \`#\`. A time that the clocks skip runs when they go on, one that they have twice
runs once, so that each night has its backup. \`pgusher explain\` prints the next three.

\`backup-time-zone\` is a name of the IANA time zone database, old ones too, read with the agent's own data in any case of its letters.

## Server parameters

\`postgres.io/parameters: "max_connections=200, search_path='shop, public'"\` becomes \`-c\` arguments after the set's own,
so that it wins over them. Quotes are needed around a value that holds a comma, a quote (doubled: \`''\`) or blanks at its
ends. A backslash is a backslash and \`#\` no comment: the value goes to the server as an argument, which knows neither, unlike a
line of postgresql.conf. Each name stands once, and none of those that pgusher sets itself.

## Escapes

\`postgres.io/allow-<check>: <reason>\` turns what a check of that name refuses into a warning that repeats the reason; see
[checks.md](checks.md). The reason is not optional.

## Written by pgusher

\`postgres.io/injection-version\`, \`postgres.io/injection-inputs\` and \`postgres.io/injection-record\` say what was injected,
by which version, and how to take it out again. Leave them as they are; the one thing to write is
\`postgres.io/injection-version: latest\`, which renders the pods anew.
`;

const newPods: Readonly<Record<SettingDefinition['change'], string>> = {
  restart: 'yes',
  'restart-or-live': 'live',
  'create-only': 'at creation',
};

function row(definition: SettingDefinition): string {
  const cells = [
    `\`${annotationPrefix}${definition.name}\``,
    definition.default === undefined ? definition.unset : `\`${definition.default}\``,
    definition.meaning,
    accepts(definition),
    definition.scope === 'any' ? 'any layer' : 'one set',
    newPods[definition.change],
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Most expectations hold an example already. */
function accepts({ expected, example }: SettingDefinition): string {
  return expected.includes(example) || expected.includes('such as') ? expected : `${expected}, e.g. \`${example}\``;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(settingsPath, settingsPage());
