import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../src/version.ts';
import { derivedSchedule } from '../../src/workload/schedule-syntax.ts';
import { managedSet, reviewOf } from '../support/review.ts';
import { root, runPgusher } from './support/run-pgusher.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgusher-command-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** Writes a file below the directory that the commands run in. */
function write(path: string, text: string): void {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), text);
}

function run(args: readonly string[], stdin?: string): ReturnType<typeof runPgusher> {
  return runPgusher(args, { cwd: directory, ...(stdin === undefined ? {} : { stdin }) });
}

const managed = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: orders
  namespace: shop
  labels: {postgres.io/managed: "true"}
spec:
  serviceName: orders
  selector: {matchLabels: {app: orders}}
  template:
    metadata:
      labels: {app: orders}
    spec:
      containers:
        - name: postgres
          image: postgres:17.6-bookworm # pinned
          env:
            - {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: orders, key: password}}}
            - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}
          volumeMounts:
            - {name: data, mountPath: /var/lib/postgresql/data}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
`;
const refused = managed.replace(
  'image: postgres:17.6-bookworm # pinned',
  'image: postgres:17.6-bookworm\n          args: [-c, fsync=off]',
);
const service = `# ours in no way\napiVersion: v1\nkind: Service\nmetadata:   {name: "x"}\n`;

const fsyncFinding = {
  check: 'fsync-off',
  severity: 'deny',
  field: 'spec.template.spec.containers[postgres].args',
  message: 'fsync is "off"; wanted on. Remove it.',
};

describe('pgusher', () => {
  test('tells its version', () => {
    expect(run(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('runs from any directory, and through symbolic links', () => {
    symlinkSync(join(root, 'bin/pgusher'), join(directory, 'first'));
    symlinkSync('first', join(directory, 'second'));
    const child = runPgusher(['--version'], { cwd: '/' });
    expect(child.stdout).toBe(`${version}\n`);
    expect(runPgusher(['--version'], { cwd: directory, program: join(directory, 'second') }).stdout).toBe(
      `${version}\n`,
    );
  });

  test.each(['inject', 'uninject', 'check', 'diff', 'explain', 'review', 'promote', 'rebuild', 'serve'])(
    '%s is in the help, and has its own',
    (command) => {
      expect(run(['--help']).stdout).toContain(`\n  ${command} [options]`);
      const help = run([command, '--help']);
      expect(help).toMatchObject({ status: 0, stderr: '' });
      expect(help.stdout).toContain(`Usage: pgusher ${command} [options]`);
    },
  );

  test.each<[args: readonly string[], message: string]>([
    [['injct'], "error: unknown command 'injct'\n(Did you mean inject?)\n(pgusher --help shows what there is)\n"],
    [
      ['check', '--format', 'xml'],
      "error: option '--format <form>' argument 'xml' is invalid. Allowed choices are text, json, sarif, github.\n(pgusher --help shows what there is)\n",
    ],
    [
      ['-f', 'a.yaml', 'check'],
      "error: unknown option '-f'\n(options come after the command: pgusher check -f FILE)\n(pgusher --help shows what there is)\n",
    ],
    [['review', '--webhook', 'mutate', '-f', 'a', 'b'], 'One review at a time; named are a, b.\n'],
    [['check', '/dev/null'], '/dev/null: no Kubernetes object in it\n'],
    [['diff'], 'standard input: no Kubernetes object in it\n'],
    [['explain'], 'standard input: no Kubernetes object in it\n'],
    [['review'], "error: required option '--webhook <webhook>' not specified\n(pgusher --help shows what there is)\n"],
    [
      ['check', '-f', ''],
      "error: option '-f, --filename <file>' argument '' is invalid. It is empty.\n(pgusher --help shows what there is)\n",
    ],
    [['check', '-f', 'nowhere.yaml'], 'nowhere.yaml: no such file or directory\n'],
  ])('%j is answered with 2 and one line', (args, message) => {
    expect(run(args)).toEqual({ status: 2, stdout: '', stderr: message });
  });
});

describe('input that cannot be read', () => {
  test.each([
    [
      'broken.yaml',
      'a: 1\nb: [1\nc: 2\n',
      'broken.yaml:3:1: Flow sequence in block collection must be sufficiently indented and end with a ]\n  b: [1\n  c: 2\n  ^\n',
    ],
    ['twice.yaml', 'kind: A\nkind: B\n', 'twice.yaml:2:1: Map keys must be unique\n  kind: A\n  kind: B\n  ^\n'],
    ['broken.json', '{"a": 1', 'broken.json:1:8: Flow map must end with a }\n  {"a": 1\n         ^\n'],
  ])('%s: file, line, column first, then the explanation', (name, text, message) => {
    write(name, text);
    expect(run(['inject', '-f', name])).toEqual({ status: 2, stdout: '', stderr: message });
  });

  test.each([
    ['hello\n', 'standard input: there is no kind in it, so it is no Kubernetes object and passed over\n'],
    ['knd: Pod\n', 'standard input: there is no kind in it, so it is no Kubernetes object and passed over\n'],
  ])('what is no object at all is not passed over in silence: %j', (text, report) => {
    for (const command of ['check', 'inject', 'uninject', 'diff', 'explain']) {
      const stderr = `${report}standard input: no Kubernetes object in it\n`;
      expect(run([command], text)).toEqual({ status: 2, stdout: '', stderr });
    }
    const beside = run(['check'], `${text}---\n${managed}`);
    expect(beside).toMatchObject({
      status: 0,
      stderr: report.replace('input', 'input, document 1'),
      stdout: '1 object, 1 with postgres.io/managed: 0 refused, 0 warnings\n',
    });
  });

  test.each([
    ['apiVersion: v1\n', 'has the apiVersion "v1"'],
    ['apiVersion: apps/v1beta1\n', 'has the apiVersion "apps/v1beta1"'],
    ['', 'has no apiVersion'],
  ])('the label on a StatefulSet that no webhook is asked about (%j) is not passed over', (line, seen) => {
    const text = managed.replace('apiVersion: apps/v1\n', line);
    expect(run(['check'], text)).toMatchObject({
      status: 2,
      stderr: `standard input: StatefulSet shop/orders ${seen}; wanted apps/v1\n`,
    });
    expect(run(['check'], text.replace('postgres.io/managed', 'app'))).toMatchObject({ status: 0 });
  });

  test('one object twice in a file is said', () => {
    expect(run(['check'], `${managed}---\n${managed}`)).toMatchObject({
      status: 0,
      stderr:
        'standard input, document 2: StatefulSet shop/orders again; kubectl applies both, and the last counts (standard input, document 1 has it too)\n',
    });
  });

  test('what is not UTF-8 is no manifest', () => {
    writeFileSync(join(directory, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4, 0x0a]));
    expect(run(['check', '-f', 'latin.yaml'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'latin.yaml: not UTF-8 text, so no manifest\n',
    });
  });

  test('a directory without manifests', () => {
    mkdirSync(join(directory, 'empty'));
    expect(run(['check', '-f', 'empty']).stderr).toBe('empty: no *.yaml, *.yml or *.json in this directory\n');
  });

  test('a config file that is wrong', () => {
    write('config.yaml', 'settings:\n  backup-keep: 1\n');
    const { status, stdout, stderr } = run(['check', '--config', 'config.yaml'], managed);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^config\.yaml cannot be used:\n {2}2:3: settings\.backup-keep is "1"; wanted .+\n$/);
  });
});

describe('check', () => {
  test('as JSON: one entry per object, in the form that scripts rely on', () => {
    write('set/b.yaml', `${service}---\n${refused}`);
    write('set/a.yml', managed);
    write('set/.hidden.yaml', 'not: [read');
    write('set/deeper/c.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [managedSet()] }));
    const { status, stdout, stderr } = run(['check', '-f', 'set', '--format', 'json']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual([
      { file: 'set/a.yml', document: 1, kind: 'StatefulSet', namespace: 'shop', name: 'orders', findings: [] },
      { file: 'set/b.yaml', document: 1, kind: 'Service', namespace: 'default', name: 'x', findings: [] },
      {
        file: 'set/b.yaml',
        document: 2,
        kind: 'StatefulSet',
        namespace: 'shop',
        name: 'orders',
        findings: [{ ...fsyncFinding, line: 22, column: 11 }],
      },
      { file: 'set/deeper/c.json', document: 1, kind: 'StatefulSet', namespace: 'shop', name: 'orders', findings: [] },
    ]);
  });

  test('as text: where, which object, which field, what to write', () => {
    expect(run(['check', '-f', '-', '-f', 'set/a.yml'], refused)).toEqual({
      status: 1,
      stdout: `standard input: StatefulSet shop/orders
  refused  fsync-off  line 17: spec.template.spec.containers[postgres].args
    fsync is "off"; wanted on. Remove it.
    Allow it: postgres.io/allow-fsync-off: "<reason>"
    Why: docs/checks.md#fsync-off

2 objects, 2 with postgres.io/managed: 1 refused, 0 warnings
`,
      stderr: '',
    });
  });

  test('a file that is named twice, by itself and by its directory, is one file', () => {
    const { stdout } = run(
      ['check', '-f', 'set/a.yml', '-f', 'set', '--format', 'json', '-f', '-', '-f', '-'],
      service,
    );
    expect(JSON.parse(stdout)).toMatchObject([
      { file: 'set/a.yml' },
      {},
      {},
      { file: 'set/deeper/c.json' },
      { file: '-' },
    ]);
  });

  test('files may be named without -f', () => {
    const named = run(['check', 'set/a.yml', '-f', 'set/deeper', '--format', 'json', 'set/b.yaml']);
    expect(JSON.parse(named.stdout)).toMatchObject([
      { file: 'set/deeper/c.json' },
      { file: 'set/a.yml' },
      { file: 'set/b.yaml' },
      { file: 'set/b.yaml' },
    ]);
    expect(run(['inject', 'set/a.yml']).stdout).toBe(run(['inject', '-f', 'set/a.yml']).stdout);
    for (const command of ['uninject', 'diff', 'explain']) {
      expect(run([command, 'set/a.yml'])).toEqual(run([command, '-f', 'set/a.yml']));
    }
    expect(run(['check', ''])).toMatchObject({ status: 2, stdout: '' });
  });

  test('warnings alone are fine', () => {
    const { status, stdout } = run(['check'], managed.replace('17.6-bookworm', '17'));
    expect(status).toBe(0);
    expect(stdout).toContain('  warning  image-major-only  line 16: spec.template.spec.containers[postgres].image\n');
  });

  test('the cluster config file and Namespace objects among the manifests count', () => {
    write('modes.yaml', 'checks:\n  modes: {fsync-off: warn}\n');
    expect(run(['check', '--config', 'modes.yaml'], refused).status).toBe(0);
    const namespace =
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  annotations: {postgres.io/backup-keep: "1"}\n---\n';
    expect(run(['check'], namespace + managed).stdout).toContain('postgres.io/backup-keep');
  });

  test('-n is the namespace of objects that name none', () => {
    const { stdout } = run(['check', '-n', 'else', '--format', 'json'], managed.replace('  namespace: shop\n', ''));
    expect(JSON.parse(stdout)).toMatchObject([{ namespace: 'else' }]);
  });
});

describe('inject', () => {
  test('what is not ours passes through byte for byte', () => {
    const untidy = `\uFEFF# head\r\n${service}---\n# only a comment\n---\nkind:   ConfigMap\ndata: {a: 0644, b: on}   # no apiVersion\n...\n`;
    expect(run(['inject'], untidy)).toEqual({ status: 0, stdout: untidy, stderr: '' });
    expect(run(['inject'], '# nothing at all\n').stdout).toBe('# nothing at all\n');
    expect(run(['inject'], '')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('a refusal prints nothing but the findings', () => {
    expect(run(['inject'], `${managed}---\n${refused.replace('name: orders', 'name: other')}`)).toEqual({
      status: 1,
      stdout: '',
      stderr: `standard input, document 2: StatefulSet shop/other
  refused  fsync-off  line 42: spec.template.spec.containers[postgres].args
    fsync is "off"; wanted on. Remove it.
    Allow it: postgres.io/allow-fsync-off: "<reason>"
    Why: docs/checks.md#fsync-off

1 object refused; nothing was written.
`,
    });
  });

  test('a List in a List is looked into, and put back where it was', () => {
    const item = managed.replaceAll(/^(?=.)/gm, '        ').replace(/^ {8}/, '      - ');
    const lists = `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: List\n    items:\n${item}`;
    const { status, stdout } = run(['inject'], lists);
    expect(status).toBe(0);
    expect(stdout).toContain('            - name: pgusher-backup\n');
    expect(run(['uninject'], stdout).stdout).toBe(lists);
    expect(run(['check'], lists.replace('17.6-bookworm', 'latest')).stdout).toMatch(
      /^standard input, item 1, item 1: StatefulSet shop\/orders\n/,
    );
  });

  test('a disk that is full is said, and is no success', async () => {
    write('orders.yaml', managed);
    const full = openSync('/dev/full', 'w');
    const child = spawn(join(root, 'bin/pgusher'), ['inject', 'orders.yaml'], {
      cwd: directory,
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const stderr = child.stderr === null ? '' : await textOf(child.stderr);
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(2);
    expect(stderr).toContain('standard output: ENOSPC: no space left on device');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('several files become one stream, with the lines that are not ours as they were', () => {
    write('one.yaml', service);
    write('two.yaml', managed);
    const { stdout, stderr } = run(['inject', '-f', 'one.yaml', '-f', 'two.yaml']);
    expect(stdout.startsWith(`${service}---\napiVersion: apps/v1\n`)).toBe(true);
    expect(managed.split('\n').filter((line) => !stdout.split('\n').includes(line))).toEqual([]);
    expect(stderr).toMatch(/^StatefulSet shop\/orders: backup-sidecar, restore-init-container, /);
  });

  test('JSON stays JSON, and integers of any size stay as they are', () => {
    const json = `{"apiVersion":"apps/v1","kind":"StatefulSet",${JSON.stringify(managedSet()).slice(1, -1)},"x":12345678901234567890}`;
    const { status, stdout } = run(['inject'], json.replace('"apiVersion":"apps/v1","kind":"StatefulSet",', ''));
    expect(status).toBe(0);
    expect(stdout).toContain('"x":12345678901234567890}');
    expect(JSON.parse(stdout)).toMatchObject({
      spec: { template: { spec: { initContainers: [{ name: 'pgusher-backup' }, {}, {}] } } },
    });
  });

  test('the items of a List are injected in place', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${managed.trimEnd().replaceAll('\n', '\n  ')}\n- {apiVersion: v1, kind: Service}\n`;
    const { stdout } = run(['inject'], list);
    expect(stdout).toContain('\n- {apiVersion: v1, kind: Service}\n');
    expect(stdout).toContain('\n        - name: pgusher-backup\n');
  });

  test('-o json prints one object, or a List of several', () => {
    expect(JSON.parse(run(['inject', '-o', 'json'], managed).stdout)).toMatchObject({ kind: 'StatefulSet' });
    expect(JSON.parse(run(['inject', '-o', 'json'], `${service}---\n${managed}`).stdout)).toMatchObject({
      kind: 'List',
      items: [{ kind: 'Service' }, { kind: 'StatefulSet' }],
    });
  });

  test('-o patch prints the RFC 6902 patch of one object, and asks for one', () => {
    expect(JSON.parse(run(['inject', '-o', 'patch'], `${service}---\n${managed}`).stdout)).toContainEqual({
      op: 'add',
      path: '/spec/template/spec/terminationGracePeriodSeconds',
      value: 300,
    });
    expect(run(['inject', '-o', 'patch'], service)).toEqual({
      status: 2,
      stdout: '',
      stderr:
        '-o patch prints the patch of one StatefulSet with postgres.io/managed: "true"; these manifests hold 0.\n',
    });
  });

  test('a label that opts in to nothing is warned about, and nothing is injected', () => {
    const text = managed.replace('"true"', '"yes"');
    const { status, stdout, stderr } = run(['inject'], text);
    expect({ status, stdout }).toEqual({ status: 0, stdout: text });
    expect(stderr).toContain('warning  managed-label-value');
  });

  test.each([
    ['true', 'true'],
    ['1', '1'],
  ])('a label that YAML makes no text of (%s) is refused, before the apiserver does', (written, shown) => {
    const text = managed.replace('"true"', written);
    const { status, stdout } = run(['check'], text);
    expect(status).toBe(1);
    expect(stdout).toContain(
      `  refused  managed-label-value  line 6: metadata.labels[postgres.io/managed]\n    the label is ${shown} and no text, so Kubernetes refuses the object; wanted "true" in quotes. Write postgres.io/managed: "true".\n`,
    );
    expect(run(['inject'], text).status).toBe(1);
  });
});

describe('uninject', () => {
  test('gives back what was injected into, byte for byte, in YAML and JSON', () => {
    const words = managed
      .replace(
        '      containers:',
        '      initContainers: [ ]   # none\n      terminationGracePeriodSeconds: 0x1e\n      containers:',
      )
      .replace('          volumeMounts:', '          lifecycle: ~\n          args: null\n          volumeMounts:')
      .replace('/var/lib/postgresql/data/pgdata', '"/var/lib/postgresql/data"');
    for (const text of [
      managed,
      words,
      words.replaceAll('\n', '\r\n'),
      `${service}---\n${managed}`,
      `${JSON.stringify(managedSet(), undefined, 4)}\n`,
    ]) {
      expect(run(['uninject'], run(['inject'], text).stdout)).toMatchObject({ status: 0, stdout: text });
    }
  });

  test('says which PGDATA goes, and --keep-claims keeps it: where the set has run, the database is there', () => {
    const own = managed.replace(/ *- \{name: PGDATA.*\n/, '');
    const injected = run(['inject'], own).stdout;
    expect(run(['uninject'], injected)).toEqual({
      status: 0,
      stdout: own,
      stderr:
        'StatefulSet shop/orders: what pgusher injected is taken out\n' +
        '  PGDATA=/var/lib/postgresql/data/pgdata goes with it. Where this set has run, its database is there: use --keep-claims, or write PGDATA into the manifest.\n',
    });
    const kept = run(['uninject', '--keep-claims'], injected);
    expect(kept.stdout).toContain('/var/lib/postgresql/data/pgdata');
    expect(kept.stderr).toBe(
      'StatefulSet shop/orders: what pgusher injected is taken out\n' +
        '  PGDATA=/var/lib/postgresql/data/pgdata stays, since the database is there; write it into your manifest\n',
    );
  });

  test('--keep-claims leaves what a StatefulSet that exists cannot lose', () => {
    const { stdout } = run(['uninject', '--keep-claims', '-o', 'json'], run(['inject'], managed).stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }, { metadata: { name: 'pgusher-backup' } }] },
    });
  });
});

describe('diff', () => {
  test('shows what inject would change, and a difference is no finding', () => {
    write('diff.yaml', managed);
    const { status, stdout, stderr } = run(['diff', '-f', 'diff.yaml']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, 8)).toEqual([
      '--- diff.yaml',
      '+++ diff.yaml (injected)',
      expect.stringMatching(/^@@ -4,\d+ \+4,\d+ @@$/),
      '   name: orders',
      '   namespace: shop',
      '   labels: {postgres.io/managed: "true"}',
      '+  annotations:',
      expect.stringMatching(/^\+ {4}postgres\.io\/injection-version: /),
    ]);
    expect(stdout.split('\n').filter((line) => line.startsWith('-'))).toEqual(['--- diff.yaml']);
  });
});

test('an alias that no longer fits is written out, which inject tells', () => {
  const text = managed
    .replace('  labels:', '  labels: &labels')
    .replace('labels: {app: orders}', 'labels: *labels')
    .replace('{app: orders}', '{postgres.io/managed: "true"}')
    .replace('          env:\n', '          env: &env\n')
    .replace(/ *- \{name: PGDATA.*\n/, '')
    .replace(
      '  volumeClaimTemplates',
      `        - {name: exporter, image: "exporter:1", env: *env}\n  volumeClaimTemplates`,
    );
  const { status, stdout, stderr } = run(['inject'], text);
  expect(status).toBe(0);
  expect(stderr).toContain('-, document 1: aliases are written out where they no longer fit: *env\n');
  expect(stdout).toContain('labels: *labels\n');
  expect(stdout).toContain('- {name: exporter, image: "exporter:1", env: [ { name: POSTGRES_PASSWORD, valueFrom: ');
});

describe('explain', () => {
  test('tells what was seen, each setting with its origin, and why each thing is injected', () => {
    const text = managed.replace('  labels:', '  annotations: {postgres.io/backup-keep: "3"}\n  labels:');
    const { status, stdout } = run(['explain'], text);
    expect(status).toBe(0);
    expect(stdout).toContain(
      '  container       postgres (the only container; its image; POSTGRES_* in its environment; a mount for data)\n',
    );
    expect(stdout).toContain('  version         17\n');
    expect(stdout).toContain('  data directory  /var/lib/postgresql/data/pgdata, from PGDATA\n');
    expect(stdout).toMatch(/\n {2}backup-keep {2,}3 {2,}StatefulSet\n/);
    expect(stdout).toMatch(/\n {2}stop-grace {2,}300 {2,}built-in\n/);
    // The one that follows from shop/orders, as the agent is told it.
    const schedule = derivedSchedule('shop', 'orders');
    expect(stdout).toContain(`\n  backup-schedule           ${schedule}`);
    expect(run(['inject'], text).stdout).toContain(`"schedule":"${schedule}"`);
    expect(stdout).toMatch(/\nInjected\n {2}backup-sidecar {2}/);
  });

  test('names the layer of what the cluster config says', () => {
    write('layers.yaml', 'settings: {backup-keep: 5}\n');
    expect(run(['explain', '--config', 'layers.yaml'], managed).stdout).toMatch(
      /\n {2}backup-keep {2,}5 {2,}cluster config\n/,
    );
  });

  test('says what is missing where a StatefulSet is not looked after', () => {
    expect(run(['explain'], managed.replace('  labels: {postgres.io/managed: "true"}\n', '')).stdout).toBe(
      'StatefulSet shop/orders  standard input\nNot looked after: it lacks the label. Write metadata.labels: {postgres.io/managed: "true"}.\n',
    );
  });
});

test('explain says of an injected object who injected, and which revision', () => {
  const injected = run(['inject'], managed).stdout;
  const hash = /postgres\.io\/injected: "?([0-9a-f]{16})/.exec(injected)?.[1] ?? '';
  expect(run(['explain'], injected).stdout).toContain(
    `\nIt holds what pgusher ${version} injected, revision ${hash}.\n`,
  );
  expect(run(['explain'], managed).stdout).not.toContain('It holds');
});

describe('review', () => {
  test('a review in, the answer out, and 1 where it is a denial', () => {
    const allowed = run(['review', '--webhook', 'mutate'], JSON.stringify(reviewOf()));
    expect(allowed.status).toBe(0);
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: '705ab4f5-6393-11e8-b7cc-42010a800002', allowed: true, patchType: 'JSONPatch' },
    });
    const denied = run(
      ['review', '--webhook', 'validate'],
      JSON.stringify(reviewOf({ object: managedSet({ args: ['-c', 'fsync=off'] }) })),
    );
    expect(denied.status).toBe(1);
    expect(JSON.parse(denied.stdout)).toMatchObject({ response: { allowed: false } });
  });

  test('a file is named with -f or without', () => {
    write('review.json', JSON.stringify(reviewOf()));
    const named = run(['review', '--webhook', 'mutate', 'review.json']);
    expect(named.status).toBe(0);
    expect(named).toEqual(run(['review', '-f', 'review.json', '--webhook', 'mutate']));
  });

  test('a review in YAML', () => {
    const yaml =
      'apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest: {uid: a, operation: DELETE, kind: {group: apps, version: v1, kind: StatefulSet}}\n';
    expect(JSON.parse(run(['review', '--webhook', 'mutate'], yaml).stdout)).toMatchObject({
      response: { uid: 'a', allowed: true },
    });
  });

  test('what is no review', () => {
    const ran = run(['review', '--webhook', 'mutate'], '{"kind": "Pod"}');
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toMatch(/^standard input: .+\n$/);
  });
});

test('a reader that goes away early is no error', async () => {
  write('many.yaml', Array.from({ length: 60 }, () => managed).join('---\n'));
  const child = spawn('sh', ['-c', `"${root}bin/pgusher" inject -f many.yaml 2>errors | head -n 1`], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  expect(output).toBe('apiVersion: apps/v1\n');
});

test('the plugin of kubectl is the same program, also through a link', () => {
  const link = join(mkdtempSync(join(tmpdir(), 'pgusher-plugin-')), 'kubectl-pgusher');
  symlinkSync(join(root, 'bin/kubectl-pgusher'), link);
  expect(runPgusher(['--version'], { program: link })).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});
