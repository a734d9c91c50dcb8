import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Verdict } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { denialMessage } from '../../src/admission/response.ts';
import { toWarnings } from '../../src/admission/warnings.ts';
import type { ManifestObject } from '../../src/commands/manifest-objects.ts';
import { objectsOf } from '../../src/commands/manifest-objects.ts';
import { createRequest, offlineContext } from '../../src/commands/offline-admission.ts';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { objectAt } from '../../src/workload/json.ts';

/**
 * Writes docs/refusals.md from examples/unsafe: `node scripts/write-docs/refusals.ts`, without arguments, from anywhere.
 * test/commands/unsafe-examples.test.ts fails while the page and they differ; test/apiserver/unsafe-examples.test.ts holds the page
 * against what kubectl prints.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = 'examples/unsafe';

const emptyCluster = await offlineContext(undefined, []);

export const refusalsPath = join(root, 'docs/refusals.md');

export const unsafeExamples: readonly string[] = readdirSync(join(root, folder)).toSorted();

/** The whole of docs/refusals.md. */
export function refusalsPage(): string {
  return `${introduction}\n\n${unsafeExamples.map(section).join('\n')}`;
}

const introduction = `<!-- Written by scripts/write-docs/refusals.ts from examples/unsafe. -->

# What a refusal looks like

Each file of [examples/unsafe](../examples/unsafe) with what \`kubectl apply\` prints for it, in the namespace \`default\`. What else is
beside the StatefulSet, its Service, is stored before. In a cluster there may be more warnings, about what is missing there.
All that can be refused is in [checks.md](checks.md).`;

function section(file: string): string {
  const text = readFileSync(join(root, folder, file), 'utf8');
  return `## ${file.replace('.yaml', '')}

${headComment(text)}

\`\`\`text
${kubectlText(file)}
\`\`\`
`;
}

/** The paragraph before the command. */
function headComment(text: string): string {
  const [paragraph = ''] = text.split('\n#\n');
  return paragraph.replaceAll(/^# ?/gm, '');
}

/** What kubectl writes to standard error. */
export function kubectlText(file: string): string {
  const { findings, warnings, subject } = verdictOn(file);
  return [
    ...toWarnings(warnings, findings).map((warning) => `Warning: ${warning}`),
    `Error from server (Forbidden): error when creating "${folder}/${file}": admission webhook "mutate.pgusher.postgres.io" denied the request: ${denialMessage(findings, subject)}`,
  ].join('\n');
}

export function verdictOn(file: string): Verdict {
  const [set] = setsIn(file);
  if (set === undefined) throw new Error(`${folder}/${file} holds no StatefulSet`);
  // The apiserver has written the namespace into it.
  const object = { ...set.object, metadata: { ...objectAt(set.object, 'metadata'), namespace: set.namespace } };
  return mutate({ ...createRequest(set), object }, emptyCluster);
}

function setsIn(file: string): readonly ManifestObject[] {
  const name = `${folder}/${file}`;
  const text = readFileSync(join(root, name), 'utf8');
  const read = readManifests(text);
  if (read.kind === 'unreadable') throw new Error(`${name}: ${read.message}`);
  return objectsOf({ name, text, documents: read.documents }, 'default').filter(({ kind }) => kind === 'StatefulSet');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(refusalsPath, refusalsPage());
