import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configCheck } from '../../src/commands/config-check.ts';
import { runPgusher, root } from './support/run-pgusher.ts';
import { saidTerminal } from './support/said.ts';

/** `pgusher config check`: a line for each fault, at its place. */

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgusher-config-check-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function checked(text: string): Promise<{ code: number; out: string; reports: string }> {
  const file = join(directory, 'config.yaml');
  writeFileSync(file, text);
  const said = saidTerminal();
  const code = await configCheck(file, said.terminal);
  return { code, out: said.out.replaceAll(file, 'FILE'), reports: said.report.replaceAll(file, 'FILE') };
}

test('what the webhook would take is fine, and what has ended is told', async () => {
  const text = `settings: { backup-keep: 14 }
checks:
  modes: { image-latest: off, image-eol: warn }
  exemptions:
    - { check: fsync-off, namespace: ci, reason: speed, until: 2020-12-31 }
`;
  expect(await checked(text)).toEqual({
    code: 0,
    out: 'FILE: fine: 1 setting, modes of 2 checks, 1 exemption\n',
    reports: 'FILE: warning: the exemption of fsync-off in ci ended on 2020-12-31 and counts for nothing\n',
  });
  expect(await checked('')).toMatchObject({ code: 0 });
});

test('each fault has its line, in the order of the file', async () => {
  const text = `drain-seconds: 500
settings:
  backup-kep: 7
  backup-keep: 7
checks:
  exemptions:
    - check: fsync-off
      namespace: ci
      reason: ''
      until: soon
    - { check: fsync-off, namespace: ci, until: 2030-01-01 }
  mode: {}
`;
  expect(await checked(text)).toEqual({
    code: 1,
    out: `FILE:1:1: drain-seconds is 500; wanted whole seconds from 0 to 120
FILE:9:7: checks.exemptions.0.reason is ""; wanted text that is not empty
FILE:10:7: checks.exemptions.0.until is "soon"; wanted a date such as 2027-01-31
FILE:11:7: checks.exemptions.1.reason is missing; wanted text
FILE:12:3: checks.mode is not known; wanted modes, exemptions, storage-classes
`,
    reports: '',
  });
  expect((await checked('settings:\n  backup-kep: 7\nchecks:\n  modes:\n    fsync-of: warn\n')).out).toBe(
    `FILE:2:3: settings.backup-kep is not known; did you mean backup-keep?
FILE:5:5: checks.modes names the check "fsync-of", which is not known; did you mean fsync-off?
`,
  );
});

test.each([
  ['checks: [\n', 'FILE:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]\n'],
  ['with-rollout: true\nwith-rollout: false\n', 'FILE:2:1: Map keys must be unique\n'],
  ['settings: *nowhere\n', 'FILE:1:1: Unresolved alias (the anchor must be set before the alias): nowhere\n'],
  [bomb(), 'FILE:1:1: Excessive alias count indicates a resource exhaustion attack\n'],
  ['a: 1\n---\nb: 2\n', /^FILE:2:1: Source contains multiple documents; /],
  [
    'just text\n',
    'FILE:1:1: the file is "just text"; wanted a map of settings, checks, with-rollout, secret-names, log-level, drain-seconds\n',
  ],
])('%j is a fault and no crash', async (text, out) => {
  const result = await checked(text);
  expect(result.code).toBe(1);
  if (typeof out === 'string') expect(result.out).toBe(out);
  else expect(result.out).toMatch(out);
});

/** A few lines that are gigabytes when they are followed. */
function bomb(): string {
  const level = (name: string, of: string): string => `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]\n`;
  return `a: &a [1]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`;
}

test('the manifest of the ConfigMap is looked into, and the places are those of the manifest', async () => {
  const manifest = readFileSync(join(root, 'manifests/base/configuration.yaml'), 'utf8');
  expect(await checked(manifest)).toMatchObject({
    code: 0,
    out: 'FILE: fine: 0 settings, modes of 0 checks, 0 exemptions\n',
  });
  const wrong = manifest.replace('settings: {}', 'settings:\n      backup-keep: 1');
  const line = wrong.split('\n').findIndex((text) => text.includes('backup-keep')) + 1;
  expect(await checked(`kind: Namespace\n---\n${wrong}`)).toEqual({
    code: 1,
    out: `FILE:${line + 2}:7: settings.backup-keep is "1"; wanted a whole number from 2 to 1000\n`,
    reports: '',
  });
  expect(await checked('kind: ConfigMap\ndata: { "pgusher.yaml": "settings: { backup-keep: 1 }" }\n')).toMatchObject({
    code: 1,
    out: 'FILE:2:25: settings.backup-keep is "1"; wanted a whole number from 2 to 1000\n',
  });
  expect(await checked('kind: ConfigMap\ndata: { config.yaml: x }\n')).toMatchObject({
    code: 1,
    out: 'FILE:1:1: this ConfigMap has no key pgusher.yaml; wanted the text of the config file there\n',
  });
});

test('as a command: from standard input, with the exit codes of the others', () => {
  expect(runPgusher(['config', 'check', '-'], { stdin: 'setings: {}\n' })).toMatchObject({
    status: 1,
    stdout:
      'standard input:1:1: setings is not known; wanted settings, checks, with-rollout, secret-names, log-level, drain-seconds\n',
  });
  expect(runPgusher(['config', 'check', join(directory, 'away.yaml')])).toMatchObject({
    status: 2,
    stderr: `${join(directory, 'away.yaml')}: no such file or directory\n`,
  });
  const schema = runPgusher(['config', 'schema', 'annotations']);
  expect(schema.stdout).toBe(readFileSync(join(root, 'docs/schemas/annotations.schema.json'), 'utf8'));
});
