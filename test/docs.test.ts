import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutate } from '../src/admission/mutate.ts';
import type { Finding } from '../src/checks/check.ts';
import { commandLine } from '../src/commands/command-line.ts';
import { readManifests } from '../src/manifests/read-manifests.ts';
import { objectsOf } from '../src/commands/manifest-objects.ts';
import { createRequest } from '../src/commands/offline-admission.ts';
import type { JsonObject } from '../src/workload/json.ts';
import { isObject } from '../src/workload/json.ts';
import { managedSet, plainContext } from './support/review.ts';

/** What the pages for people say can be followed: links, files, commands and YAML. */

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['', 'docs', 'docs/checks', 'docs/decisions', 'examples', 'bench', 'src/engines/volume'].flatMap(
  (folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.md'))
      .map((file) => join(folder, file)),
);

/** A fenced block with the word behind its fence. */
function blocksOf(page: string): readonly { readonly language: string; readonly text: string }[] {
  return [...read(page).matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** What is marked as code: the blocks that are not YAML, and the words between backticks. */
function codeOf(page: string): readonly string[] {
  const spans = read(page)
    .replaceAll(/^```[^]*?^```$/gm, '')
    .matchAll(/`([^`\n]+)`/g);
  const blocks = blocksOf(page).filter(({ language }) => language === 'sh');
  return [...blocks.flatMap(({ text }) => text.split('\n')), ...[...spans].map(([, code = '']) => code)];
}

test('each section of docs/operations.md names what tries it', () => {
  const [, ...sections] = read('docs/operations.md').split(/\n(?=## )/);
  const scenarios = ['test/scenarios', 'test/scenarios/alone'].flatMap((folder) => readdirSync(join(root, folder)));
  const untried = sections.filter((section) => {
    const named = [...section.matchAll(/\(((?:`[^`\n]+`(?:,\s)?)+)\)/g)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    return !named.some(
      (name) => scenarios.includes(name) || (name.startsWith('test/') && existsSync(join(root, name))),
    );
  });
  expect(untried.map((section) => section.split('\n', 1)[0])).toEqual([]);
});

test('what other injectors get wrong has an answer each, and what is done here names what shows it', () => {
  const rows = read('docs/decisions/2026-11-30-injectors.md')
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split(' | '));
  expect(rows.map(([number = '']) => Number(number.slice(2)))).toEqual(Array.from({ length: 34 }, (_, i) => i + 17));
  const states = ['done', 'in part', 'not yet', 'not wanted'];
  expect(rows.filter(([, , state = '']) => !states.includes(state))).toEqual([]);
  const unshown = rows.filter(([, , state = '', shown = '']) => {
    const named = [...shown.matchAll(/`((?:src|test|manifests|docs)\/[^`]+|[\w.]+\.(?:js|md)|Dockerfile)`/g)];
    const exists = named.filter(([, path = '']) => existsSync(join(root, path)));
    return exists.length < named.length || (['done', 'in part'].includes(state) && exists.length === 0);
  });
  expect(unshown).toEqual([]);
});

test('the pages are found', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/checks.md', 'bench/README.md']));
});

describe.each(pages)('%s', (page) => {
  test('has links that lead somewhere', () => {
    const dead = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = '', heading] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        return !existsSync(join(root, file)) || (heading !== undefined && !anchorsOf(file).includes(heading));
      });
    expect(dead).toEqual([]);
  });

  test('names files that there are', () => {
    const named = codeOf(page).flatMap((code) => [
      ...code.matchAll(/(?<![\w./~<-])(?:src|test|docs|scripts|manifests|examples|bench|bin)\/[\w./-]*[\w/]/g),
    ]);
    // A folder of a case that the reader is about to make ends before the `<`.
    expect(named.map(([path]) => path).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names commands that there are', () => {
    const unknown = codeOf(page).flatMap((code) => [
      ...wordsAfter(/(?:^|[\s/|])pgusher +([a-z-]+)/g, code).filter((word) => !pgusherCommands.has(word)),
      ...wordsAfter(/(?:^|[\s/|])pgusher-agent +([a-z-]+)/g, code).filter((word) => !agentCommands.has(word)),
      ...wordsAfter(/npm run ([\w:-]+)/g, code).filter((word) => !scripts.has(word)),
      ...wordsAfter(/npm (start|test)\b/g, code).filter((word) => !scripts.has(word)),
    ]);
    expect(unknown).toEqual([]);
  });

  test('has YAML that can be read, and whole StatefulSets that are admitted', () => {
    for (const { text } of blocksOf(page).filter(({ language }) => language === 'yaml')) {
      const parsed = readManifests(text);
      expect(parsed).toMatchObject({ kind: 'read' });
      if (parsed.kind === 'unreadable') continue;
      for (const { value } of parsed.documents) {
        if (isObject(value) && value['kind'] === 'StatefulSet') {
          expect(refusals(findingsIn(page, JSON.stringify(asWhole(value))))).toEqual([]);
        }
      }
    }
  });

  test('writes annotations as they are taken', () => {
    const annotations = [...read(page).matchAll(/`(postgres\.io\/[a-z-]+: [^`\n]+)`/g)]
      .map(([, line = '']) => line)
      // `<why>` stands for what the reader writes.
      .filter((line) => !line.includes('<') && !line.startsWith('postgres.io/managed:'));
    for (const line of annotations) {
      const parsed = readManifests(line);
      const value = parsed.kind === 'read' ? parsed.documents[0]?.value : undefined;
      expect(isObject(value), line).toBe(true);
      if (isObject(value)) expect(annotationRefusals(value), line).toEqual([]);
    }
  });
});

describe('the examples', () => {
  const examples = readdirSync(join(root, 'examples')).filter((file) => file.endsWith('.yaml'));
  const refusalsIn = (path: string): readonly string[] => refusals(findingsIn(path, read(path)));

  test.each(examples)('%s is admitted', (example) => {
    expect(refusalsIn(`examples/${example}`)).toEqual([]);
  });
});

const quiet = { out: () => undefined, report: () => undefined };
const plain = (_style: string, text: string): string => text;
const pgusherCommands = new Set(
  commandLine({ ...quiet, outColour: plain, reportColour: plain }, () => undefined).commands.map((one) => one.name()),
);
const agentHelp = spawnSync(process.execPath, [join(root, 'src/agent/main.ts'), '--help'], { encoding: 'utf8' });
const agentCommands = new Set(wordsAfter(/^ {2}([a-z-]+)(?: |$)/gm, agentHelp.stdout));
const packageFile: unknown = JSON.parse(read('package.json'));
const scripts = new Set(
  typeof packageFile === 'object' && packageFile !== null && 'scripts' in packageFile
    ? Object.keys(packageFile.scripts ?? {})
    : [],
);

function wordsAfter(pattern: RegExp, text: string): readonly string[] {
  return [...text.matchAll(pattern)].map(([, word = '']) => word);
}

/** As GitHub names them: of headings, and those that are written. */
function anchorsOf(page: string): readonly string[] {
  return [...headingsOf(page), ...wordsAfter(/<a id="([^"]+)"><\/a>/g, read(page))];
}

function headingsOf(page: string): readonly string[] {
  return wordsAfter(/^#+ (.+)$/gm, read(page)).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** A StatefulSet of which only the metadata is shown, with the rest of a plain one. */
function asWhole(object: JsonObject): JsonObject {
  return 'spec' in object ? object : { ...managedSet(), ...object };
}

/** What the webhook finds in all objects of a manifest. */
function findingsIn(name: string, text: string): readonly Finding[] {
  const parsed = readManifests(text);
  if (parsed.kind === 'unreadable') throw new Error(`${name}: ${parsed.message}`);
  return objectsOf({ name, text, documents: parsed.documents }, 'default').flatMap(
    (where) => mutate(createRequest(where), plainContext).findings,
  );
}

function refusals(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ severity }) => severity === 'deny').map(({ message }) => message);
}

const aboutAnnotations = new Set<string>(['unknown-annotation', 'invalid-annotation', 'schedule-invalid']);

function annotationRefusals(annotations: JsonObject): readonly string[] {
  const findings = findingsIn('annotations', JSON.stringify(managedSet({ annotations })));
  return refusals(findings.filter(({ check }) => aboutAnnotations.has(check)));
}
