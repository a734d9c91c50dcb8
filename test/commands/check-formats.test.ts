import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkIds } from '../../src/checks/registry.ts';
import { root, runPgusher } from './support/run-pgusher.ts';
import type { Ran } from './support/run-pgusher.ts';

/** `pgusher check --format`, as a pipeline runs it. */
const set = `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: orders
  namespace: shop
  labels: {postgres.io/managed: "true"}
spec:
  serviceName: orders
  template:
    spec:
      containers:
        - name: exporter
          image: quay.io/prometheuscommunity/postgres-exporter:v0.17.1
        - name: postgres
          image: postgres:17
          args: [-c, fsync=off]
          env:
            - {name: POSTGRES_PASSWORD, value: "5 % of it: a,b"}
            - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}
          volumeMounts:
            - {name: data, mountPath: /var/lib/postgresql/data}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
`;
const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: orders\n';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgusher-check-'));
  writeFileSync(join(directory, 'my set.yaml'), `${service}---\n${set}`);
  writeFileSync(join(directory, 'compose.yml'), 'services:\n  db: {image: postgres}\n');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function check(args: readonly string[], stdin = ''): Ran {
  return runPgusher(['check', ...args], { cwd: directory, stdin });
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Where the text begins in the file, counted from 1. */
function placeOf(text: string): Place {
  const lines = `${service}---\n${set}`.split('\n');
  const line = lines.findIndex((candidate) => candidate.includes(text));
  return { line: line + 1, column: (lines[line]?.indexOf(text) ?? 0) + 1 };
}

describe('sarif', () => {
  const schema = createRequire(import.meta.url)('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object;
  const draft = createRequire(import.meta.url)('ajv/lib/refs/json-schema-draft-04.json') as object;

  function errorsOf(log: unknown): unknown {
    const ajv = new Ajv({ schemaId: 'auto', meta: false, unknownFormats: 'ignore' });
    ajv.addMetaSchema(draft);
    const validate = ajv.compile(schema);
    return validate(log) === true ? null : validate.errors;
  }

  test('the log is one by the schema of the standard', () => {
    const { status, stdout, stderr } = check(['my set.yaml', '--format', 'sarif']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(errorsOf(JSON.parse(stdout))).toBeNull();
    expect(errorsOf(JSON.parse(check(['--format', 'sarif'], service).stdout))).toBeNull();
  });

  test('the schema refuses what is no log', () => {
    expect(errorsOf({ version: '2.1.0' })).not.toBeNull();
    expect(errorsOf({ version: '2.1.0', runs: [{ tool: { driver: {} } }] })).not.toBeNull();
  });

  test('all checks are rules, and each result is at its line', () => {
    const { runs } = JSON.parse(check(['./my set.yaml', '--format', 'sarif']).stdout) as {
      runs: readonly [
        {
          tool: { driver: { rules: readonly { id: string }[] } };
          results: readonly { ruleId: string; ruleIndex: number; level: string; locations: readonly unknown[] }[];
        },
      ];
    };
    const [{ tool, results }] = runs;
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(checkIds);
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    const { line, column } = placeOf('args:');
    expect(results.find(({ ruleId }) => ruleId === 'fsync-off')).toMatchObject({
      level: 'error',
      message: { text: 'spec.template.spec.containers[postgres].args: fsync is "off"; wanted on. Remove it.' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'my%20set.yaml' },
            region: { startLine: line, startColumn: column },
          },
          logicalLocations: [
            {
              fullyQualifiedName: 'StatefulSet shop/orders spec.template.spec.containers[postgres].args',
              kind: 'member',
            },
          ],
        },
      ],
    });
    expect(results.find(({ ruleId }) => ruleId === 'image-major-only')).toMatchObject({ level: 'warning' });
  });
});

describe('github', () => {
  test('one command for each finding, at its line; then the summary', () => {
    const { status, stdout } = check(['my set.yaml', '--format', 'github']);
    expect(status).toBe(1);
    const lines = stdout.trimEnd().split('\n');
    const { line, column } = placeOf('args:');
    expect(lines).toContain(
      `::error file=my set.yaml,line=${line},col=${column},title=fsync-off%3A StatefulSet shop/orders::spec.template.spec.containers[postgres].args: fsync is "off"; wanted on. Remove it.`,
    );
    expect(lines.filter((text) => !/^::(error|warning) file=my set\.yaml,line=\d+,col=\d+,title=/.test(text))).toEqual([
      '2 objects, 1 with postgres.io/managed: 1 refused, 1 warning',
    ]);
  });

  test('what would end a property or the line is escaped, and standard input has no file', () => {
    const odd = set.replace('fsync=off', 'wal_level="100%,\\n"').replace('postgres:17', '"postgres:17"');
    const { stdout } = check(['--format', 'github'], odd);
    expect(stdout).toMatch(/^::error title=plaintext-password%3A StatefulSet shop\/orders::/m);
    expect(stdout).not.toContain('file=');
  });
});

test('json has line and column', () => {
  const [, { findings }] = JSON.parse(check(['my set.yaml', '--format', 'json']).stdout) as [
    unknown,
    { findings: readonly (Place & { check: string })[] },
  ];
  expect(findings.find(({ check: id }) => id === 'plaintext-password')).toMatchObject(placeOf('value: "5 %'));
  expect(findings.find(({ check: id }) => id === 'image-major-only')).toMatchObject(placeOf('image: postgres:17'));
});

describe('as a commit hook', () => {
  test('the hook runs a command and options that there are', () => {
    const [hook] = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8')) as readonly { entry: string }[];
    const [program, ...args] = hook?.entry.split(' ') ?? [];
    // pre-commit runs it in a clone of its own.
    expect(program).toBe('bin/pgusher');
    const ran = runPgusher([...args, 'compose.yml', 'my set.yaml'], { cwd: directory });
    expect(ran.status).toBe(1);
    expect(runPgusher([...args, 'compose.yml'], { cwd: directory })).toMatchObject({
      status: 0,
      stdout: '0 objects, 0 with postgres.io/managed: 0 refused, 0 warnings\n',
    });
  });

  test('without --allow-empty a file without objects is a slip', () => {
    expect(check(['compose.yml'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('a file that cannot be read among others', () => {
  const broken = 'apiVersion: v1\nkind: List\nitems: [\n';
  const old = set.replace('apps/v1', 'apps/v1beta1');
  beforeAll(() => {
    const folder = join(directory, 'mixed');
    mkdirSync(folder);
    writeFileSync(join(folder, 'broken.yaml'), broken);
    writeFileSync(join(folder, 'old.yaml'), old);
    writeFileSync(join(folder, 'set.yaml'), set);
  });

  test.each(['text', 'json', 'sarif', 'github'])('silences none of them (%s)', (format) => {
    const { status, stdout, stderr } = check(['-f', 'mixed', '--format', format]);
    expect(status).toBe(2);
    expect(stdout).toContain('fsync-off');
    expect(stderr).toContain('mixed/broken.yaml:4:1: ');
    expect(stderr).toContain(
      'mixed/old.yaml: StatefulSet shop/orders has the apiVersion "apps/v1beta1"; wanted apps/v1',
    );
  });

  test('is told to code scanning and to the pull request', () => {
    const log: unknown = JSON.parse(check(['-f', 'mixed', '--format', 'sarif']).stdout);
    expect(log).toMatchObject({
      runs: [
        {
          invocations: [
            {
              executionSuccessful: false,
              toolExecutionNotifications: [
                {
                  level: 'error',
                  locations: [{ physicalLocation: { artifactLocation: { uri: 'mixed/broken.yaml' } } }],
                },
                { locations: [{ physicalLocation: { region: { startLine: 1 } } }] },
              ],
            },
          ],
        },
      ],
    });
    expect(check(['-f', 'mixed', '--format', 'github']).stdout).toContain(
      '::error file=mixed/broken.yaml,line=4,col=1,title=cannot be read::',
    );
  });

  test('is all that is said where it is alone', () => {
    const { status, stdout, stderr } = check(['-f', 'mixed/broken.yaml']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mixed\/broken\.yaml:4:1: /);
  });
});
