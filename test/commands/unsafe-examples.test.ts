import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { refusalsPage, refusalsPath, unsafeExamples, verdictOn } from '../../scripts/write-docs/refusals.ts';
import { root, runPgusher } from './support/run-pgusher.ts';

/** examples/unsafe, docs/refusals.md and what is refused say the same. */

/** Each file is there for one hazard, and one for many. */
const hazards: Readonly<Record<string, readonly string[]>> = {
  'claims-deleted-with-the-set.yaml': ['pvc-retention-delete'],
  'data-on-emptydir.yaml': ['pgdata-emptydir'],
  'fsync-off.yaml': ['fsync-off'],
  'init-container-restores.yaml': ['restartpolicy-init-job'],
  'no-claim.yaml': ['pgdata-no-volume'],
  'no-time-to-stop.yaml': ['invalid-annotation'],
  'plaintext-password.yaml': ['plaintext-password'],
  'postgres-18-old-mount.yaml': ['pg18-old-mount'],
  'scratch-database.yaml': [
    'pgdata-emptydir',
    'image-latest',
    'replicas-without-replication',
    'fsync-off',
    'plaintext-password',
    'trust-auth',
    'unknown-annotation',
  ],
  'shared-claim.yaml': ['pvc-shared-by-replicas'],
  'trust.yaml': ['trust-auth'],
  'two-writers.yaml': ['replicas-without-replication'],
};

test('each file of examples/unsafe is known here', () => {
  expect(unsafeExamples).toEqual(Object.keys(hazards));
});

test('docs/refusals.md is what is refused (node scripts/write-docs/refusals.ts writes it)', () => {
  expect(readFileSync(refusalsPath, 'utf8')).toBe(refusalsPage());
});

describe.each(Object.entries(hazards))('%s', (file, checks) => {
  test('is refused for what it is there for, and nothing else', () => {
    const denials = verdictOn(file).findings.filter(({ severity }) => severity === 'deny');
    expect(denials.map(({ check }) => check)).toEqual(checks);
  });

  test('says in its head what it shows, and the command that shows it', () => {
    const text = readFileSync(join(root, 'examples/unsafe', file), 'utf8');
    expect(text).toMatch(/^# Refused: \S[^]*?\.\n#\n# {3}kubectl apply --dry-run=server -f unsafe\//);
    expect(text).toContain(`-f unsafe/${file}\n`);
  });
});

test('the command line refuses all of them too, and prints none', () => {
  const { status, stdout } = runPgusher(['check', 'examples/unsafe']);
  expect(status).toBe(1);
  expect(stdout).toContain(`with postgres.io/managed: ${unsafeExamples.length} refused`);
  expect(runPgusher(['inject', '-f', 'examples/unsafe'])).toMatchObject({ status: 1, stdout: '' });
});
