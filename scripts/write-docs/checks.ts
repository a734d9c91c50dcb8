import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Check, Finding } from '../../src/checks/check.ts';
import { groups } from '../../src/checks/registry.ts';
import { fieldExcerpt } from './field-excerpt.ts';
import { references } from './references.ts';
import { rules } from '../write-policy/rules.ts';

/**
 * Writes docs/checks.md, the index, and docs/checks/<group>.md from the registry of checks and their fixtures:
 * `node scripts/write-docs/checks.ts`, without arguments, from anywhere. test/checks/checks-docs.test.ts fails while the files and they
 * differ.
 */

const docs = fileURLToPath(new URL('../../docs', import.meta.url));

/** Of the pages of the groups. */
export const groupsFolder = join(docs, 'checks');

const fixtures = fileURLToPath(new URL('../../test/fixtures/checks', import.meta.url));

type Group = (typeof groups)[number];

/** What stands in docs/, by path in it: the index and a page for each group. */
export function checksPages(): ReadonlyMap<string, string> {
  return new Map([['checks.md', indexPage()], ...groups.map((group) => [pathOf(group), groupPage(group)] as const)]);
}

function pathOf({ folder }: Group): string {
  return `checks/${folder}.md`;
}

function indexPage(): string {
  return `${introduction}\n\n${groups.map(table).join('\n')}`;
}

function table(group: Group): string {
  return `## ${group.heading}

[${pathOf(group)}](${pathOf(group)})

| check | severity | what is unsafe |
| --- | --- | --- |
${group.checks.map((check) => row(group, check)).join('\n')}
`;
}

/** The anchor is where the check's section was while all stood on this page: messages and bookmarks lead to it. */
function row(group: Group, { id, severity, summary }: Check): string {
  return `| <a id="${id}"></a>[${id}](${pathOf(group)}#${id}) | ${severity} | ${summary.replaceAll('|', '\\|')} |`;
}

function groupPage({ heading, checks: own }: Group): string {
  return `${written}

# ${heading}

What these have in common with all others, such as escapes, stands in [checks.md](../checks.md).

${own.map((check) => `- [${check.id}](#${check.id}): ${check.summary}`).join('\n')}

${own.map(section).join('\n')}`;
}

const written = '<!-- Written by scripts/write-docs/checks.ts from src/checks and test/fixtures/checks. -->';

const introduction = `${written}

# What is refused, and why

A StatefulSet with \`postgres.io/managed: "true"\` is looked at by all of these whenever it is created or changed. An
answer holds everything that was found, not only the first thing. **deny** refuses the request, **warn** is a warning of
kubectl. \`pgusher check\` says the same about files, without a cluster. A dozen answers in full:
[refusals.md](refusals.md).

- **What was there before** does not keep you from changing something else: on an update, a denial that the old object
  would have got too, with the same value in the same field, becomes a warning that begins with "was so before". At the
  moment of labelling nothing counts as old. Checks of a change (marked "on update") judge the step itself.
- **An escape**, \`postgres.io/allow-<check>: <reason>\` on the StatefulSet or on its namespace, turns the denials of one
  check into warnings that repeat the reason. An empty reason, or the name of no check, is refused. A few checks have
  no escape; their sections say why.
- **Scaling** (\`kubectl scale\`, autoscalers) is judged as an update of the set would be, and only what the new number brings is
  said. **Deleting** a labelled set, or any claim, is looked at by the checks marked "on deletion". Their escape is no reason but the
  name of the object and the date, \`"data-orders-0 2026-11-21"\`, on the object that goes: it counts on that day of UTC and on one day
  on either side, and nowhere else. What Kubernetes deletes by itself is not asked about, and nothing is held back in a namespace that
  is being deleted. None of it waits for the webhook where that is down.
- **The cluster config file** sets a mode for a check: \`enforce\` (warnings become denials), \`warn\` (denials become
  warnings) or \`off\`; and exemptions for a namespace or one set, each with a reason and a last day, after which it counts
  for nothing, which the log says. A check without escape takes none but \`enforce\`: a file that says otherwise is refused. Its list
  \`storage-classes\` is what storageclass-not-allowed goes by; without it that check says nothing.
- **Other objects** are looked up by some of them: claims, storage classes, Services, disruption budgets, autoscalers,
  network policies, limits and quotas, other StatefulSets. The webhook knows them from watches, never from a question during a review. What may not be listed, or is not
  read yet, is one warning (\`look-up\`), and never a denial; \`/readyz?verbose\` and the metric \`pgusher_look_up_state\` say which.
  Secrets are not watched, unless the config file says \`secret-names: true\` (install.md). \`pgusher check\` looks at the other files of a folder, and with \`--cluster\` at the current cluster.
- **Images that manage Postgres by themselves** (Spilo, Crunchy, Bitnami) are left alone: nothing is injected, and only the
  checks marked "also images left alone" look at them.
- **Without our pods** the apiserver itself refuses the core of it, by the ValidatingAdmissionPolicy that is installed with
  the webhook. It says less than the webhook, never more, takes the same escapes, and knows nothing of the cluster config
  file: where that turns such a check off, exempts a set from it or gives a \`replication-secret\`, patch the policy.

Each group has a page with what happens to the data, what to write instead, and an example.`;

function section(check: Check): string {
  const { id, summary, because, instead } = check;
  return `## ${id}

${summary} (${marks(check).join(', ')})

${because}

- Write instead: ${instead}
- Escape: ${escapeOf(check)}${twinOf(id)}${referencesOf(id)}

${example(check)}
${goodExample(check)}`;
}

/** Only where the apiserver refuses by itself. */
function twinOf(id: string): string {
  const rule = rules.find(({ check }) => check.id === id);
  if (rule === undefined) return '';
  const exceptions = rule.narrower === undefined ? '' : ` Not seen there: ${rule.narrower}`;
  return `\n- Without our pods: refused by the ValidatingAdmissionPolicy.${exceptions}`;
}

const sources = fileURLToPath(new URL('../../src/checks', import.meta.url));

function referencesOf(id: string): string {
  const group = groups.find((one) => one.checks.some((check: Check) => check.id === id));
  const found = references(readFileSync(join(sources, group?.folder ?? '', `${id}.ts`), 'utf8'));
  return found.length === 0 ? '' : `\n- References: ${found.join(', ')}.`;
}

function marks(check: Check): readonly string[] {
  return [
    check.severity,
    ...(check.examineChange === undefined ? [] : ['on update']),
    ...(check.examineDeletion === undefined ? [] : ['on deletion']),
    ...(check.coversLeftAlone === undefined ? [] : ['also images left alone']),
  ];
}

function escapeOf({ id, severity, noEscape, datedEscape }: Check): string {
  if (noEscape !== undefined) return `none: ${noEscape}`;
  const when = severity === 'deny' ? '' : ', where it is a denial';
  if (datedEscape !== undefined) {
    return `\`postgres.io/allow-${id}: "<its name> <today>"\` on what is deleted${when}.`;
  }
  return `\`postgres.io/allow-${id}: <reason>\`${when}.`;
}

/** The first finding of the first fixture that something is found in: the field, and the exact message. */
function example(check: Check): string {
  const { id } = check;
  const { name, ...finding } = firstFinding(id);
  const yaml = excerpts(check, name, finding);
  return [
    ...(yaml.length === 0 ? [] : ['```yaml', yaml.join('\n---\n'), '```', '']),
    '```text',
    `${finding.severity} ${finding.field}`,
    `  ${finding.message}`,
    '```',
  ].join('\n');
}

function firstFinding(id: string): Finding & { readonly name: string } {
  const files = readdirSync(join(fixtures, id)).toSorted();
  const verdict = files.find((file) => file.endsWith('.verdict.yaml'));
  const finding = verdict === undefined ? undefined : findingOf(id, verdict);
  if (verdict === undefined || finding === undefined) throw new Error(`no fixture shows what ${id} finds`);
  return { ...finding, name: verdict.replace('.verdict.yaml', '') };
}

function findingOf(id: string, verdict: string): Finding | undefined {
  // The file was written from findings; test/checks/fixtures.test.ts compares it with them.
  const findings = parse(readFileSync(join(fixtures, id, verdict), 'utf8')) as readonly Finding[];
  return findings.find(({ check }) => check === id);
}

/** What there is to paste, and of the first fixture in which nothing is found the same field, where that says more than nothing. */
function goodExample(check: Check): string {
  const { id, paste } = check;
  const pasted = paste === undefined ? [] : ['To paste:', '', '```yaml', paste, '```', ''];
  const { field } = firstFinding(id);
  // Which of two is deleted is not seen in a field of it.
  const files = check.examineDeletion === undefined ? readdirSync(join(fixtures, id)) : [];
  const accepted = files
    .toSorted()
    .filter((file) => /^accepts-[^.]+\.yaml$/.test(file))
    .map((file) => readFileSync(join(fixtures, id, file), 'utf8'))
    .map((text) => ({ why: /^# (.*)/.exec(text)?.[1] ?? '', excerpt: shortExcerpt(text, field) }))
    .find(({ excerpt }) => excerpt !== undefined);
  const shown =
    accepted?.excerpt === undefined ? [] : [`Accepted: ${accepted.why}`, '', '```yaml', accepted.excerpt, '```', ''];
  return [...(pasted.length + shown.length > 0 ? [''] : []), ...pasted, ...shown].join('\n');
}

const mostLines = 16;

function shortExcerpt(manifest: string, field: string): string | undefined {
  const excerpt = fieldExcerpt(manifest, field);
  return excerpt === undefined || excerpt.split('\n').length > mostLines ? undefined : excerpt;
}

/** What the finding's field holds; of a change before and after, which differ. */
function excerpts(check: Check, name: string, { field }: Finding): readonly string[] {
  const { id } = check;
  const file = (part: string): string => join(fixtures, id, `${name}${part}.yaml`);
  const now = fieldExcerpt(readFileSync(file(''), 'utf8'), field);
  // At the moment of labelling nothing but the label need differ.
  if (check.examineChange === undefined || !existsSync(file('.before'))) return now === undefined ? [] : [now];
  const earlier = fieldExcerpt(readFileSync(file('.before'), 'utf8'), field);
  if (earlier === undefined && now === undefined) return [];
  if (earlier === now) throw new Error(`${id}/${name}: ${field} is the same before and after`);
  const absent = '# it is not there';
  return [`# before\n${earlier ?? absent}`, `# after\n${now ?? absent}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(groupsFolder, { recursive: true, force: true });
  mkdirSync(groupsFolder);
  for (const [path, text] of checksPages()) writeFileSync(join(docs, path), text);
}
