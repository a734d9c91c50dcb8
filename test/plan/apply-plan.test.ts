import { describe, expect, test } from 'vitest';
import { applyPlan, ServerNotFoundError } from '../../src/plan/apply-plan.ts';
import { NameTakenError } from '../../src/plan/named-list.ts';
import type { Plan, ServerChange } from '../../src/plan/plan.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { at } from '../pinning/cluster.ts';

const nothing: ServerChange = {
  container: 'postgres',
  env: [],
  replacedEnv: [],
  volumeMounts: [],
  args: [],
  ports: [],
  startupProbe: undefined,
  readinessProbe: undefined,
  preStop: undefined,
};

function plan(server: Partial<ServerChange>, rest: Partial<Plan> = {}): Plan {
  return {
    initContainers: [],
    volumes: [],
    claimTemplates: [],
    pod: { graceSeconds: undefined },
    ...rest,
    server: { ...nothing, ...server },
  };
}

function set(container: JsonObject, pod: JsonObject = {}): JsonObject {
  return {
    metadata: { name: 'db' },
    spec: {
      selector: { a: 1 },
      template: { spec: { ...pod, containers: [{ name: 'postgres', ...container }, { name: 'other' }] } },
    },
  };
}

const server = ['spec', 'template', 'spec', 'containers', 'postgres'];

describe('args', () => {
  const ours = ['-c', 'a=1'];
  test.each<[string, JsonObject, string[]]>([
    ['neither command nor args: the program is named first', {}, ['postgres', '-c', 'a=1']],
    ['empty args are none', { args: [], command: [] }, ['postgres', '-c', 'a=1']],
    ['behind the user’s own', { args: ['postgres', '-N', '50'] }, ['postgres', '-N', '50', '-c', 'a=1']],
    ['a command has its program already', { command: ['docker-entrypoint.sh', 'postgres'] }, ['-c', 'a=1']],
  ])('%s', (_, container, args) => {
    expect(at(applyPlan(set(container), plan({ args: ours })), [...server, 'args'])).toEqual(args);
  });
});

describe('preStop', () => {
  const preStop = ['sh', '/pgusher/bin/pre-stop.sh', '280'];
  test('alone where the user has none', () => {
    expect(at(applyPlan(set({}), plan({ preStop })), [...server, 'lifecycle'])).toEqual({
      preStop: { exec: { command: preStop } },
    });
  });
  test('in front of the user’s, beside their other hooks', () => {
    const lifecycle = { postStart: { exec: { command: ['a'] } }, preStop: { exec: { command: ['b', 'c'] } } };
    expect(at(applyPlan(set({ lifecycle }), plan({ preStop })), [...server, 'lifecycle'])).toEqual({
      postStart: { exec: { command: ['a'] } },
      preStop: { exec: { command: [...preStop, '--', 'b', 'c'] } },
    });
  });
});

test('the user’s init containers and volumes come first and keep their order', () => {
  const object = set({}, { initContainers: [{ name: 'restore-wait' }, { name: 'chown' }], volumes: [{ name: 'z' }] });
  const result = applyPlan(
    object,
    plan({}, { initContainers: [{ name: 'pgusher-backup' }], volumes: [{ name: 'pgusher' }] }),
  );
  expect(at(result, ['spec', 'template', 'spec', 'initContainers'])).toEqual([
    { name: 'restore-wait' },
    { name: 'chown' },
    { name: 'pgusher-backup' },
  ]);
  expect(at(result, ['spec', 'template', 'spec', 'volumes'])).toEqual([{ name: 'z' }, { name: 'pgusher' }]);
});

test('a PGDATA of the user is replaced where it stands', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'PGDATA', value: '/data' },
    { name: 'B', value: '$(PGDATA)' },
  ];
  const replacedEnv = [{ name: 'PGDATA', value: '/data/pgdata', was: '/data' }];
  expect(at(applyPlan(set({ env }), plan({ replacedEnv })), [...server, 'env'])).toEqual([
    { name: 'A', value: '1' },
    { name: 'PGDATA', value: '/data/pgdata' },
    { name: 'B', value: '$(PGDATA)' },
  ]);
});

test('what is not touched stays the same reference', () => {
  const object = set({ env: [{ name: 'A' }] });
  const result = applyPlan(object, plan({ ports: [{ containerPort: 5432 }] }));
  expect(result['metadata']).toBe(object['metadata']);
  expect(at(result, ['spec', 'selector'])).toBe(at(object, ['spec', 'selector']));
  expect(at(result, [...server, 'env'])).toBe(at(object, [...server, 'env']));
  expect(at(result, ['spec', 'template', 'spec', 'containers', 'other'])).toBe(
    at(object, ['spec', 'template', 'spec', 'containers', 'other']),
  );
  expect(applyPlan(object, plan({}))).toBe(object);
});

test('something else under a name of ours is never overwritten', () => {
  const object = set({ volumeMounts: [{ name: 'theirs', mountPath: '/pgusher' }] });
  const change = plan({ volumeMounts: [{ name: 'pgusher', mountPath: '/pgusher' }] });
  expect(() => applyPlan(object, change)).toThrow(NameTakenError);
  expect(() => applyPlan(object, change)).toThrow(
    'mount path /pgusher is in the object already and is not what the plan adds; it is left alone',
  );
});

test('a server that is not there is an error of ours', () => {
  expect(() => applyPlan(set({}), plan({ container: 'db' }))).toThrow(ServerNotFoundError);
});
