import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import { isObject, objectAt, objectsAt, textAt, textsAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { expandAsKubelet } from '../injections/support/kubelet.ts';
import { openHttpsDoor } from './support/https-door.ts';
import type { HttpsDoor } from './support/https-door.ts';
import { whatWasLost } from './support/lost.ts';
import { root, runPgusher } from './support/run-pgusher.ts';
import type { Ran } from './support/run-pgusher.ts';

/**
 * test/fixtures/injection/<situation>/in.yaml → out.yaml, through the command line and through HTTPS, and the laws that hold for
 * every one. `vitest run -u` writes out.yaml anew; its diff is what would change in running pods.
 */
const directory = 'test/fixtures/injection';
const situations = globSync('*/in.yaml', { cwd: join(root, directory) })
  .map((path) => dirname(path))
  .toSorted();

let door: HttpsDoor;
beforeAll(async () => {
  door = await openHttpsDoor();
});
afterAll(() => {
  door.close();
});

test('there are situations, and no output without its input', () => {
  expect(situations.length).toBeGreaterThanOrEqual(8);
  const outputs = globSync('*/out.yaml', { cwd: join(root, directory) }).map((path) => dirname(path));
  expect(outputs.toSorted()).toEqual(isRefreshing() ? expect.anything() : situations);
});

test('the law of nothing lost sees losses', () => {
  const before = {
    list: [{ name: 'a', x: 1 }, { name: 'b' }],
    text: 'x',
    hook: { preStop: { exec: { command: ['mine'] } } },
  };
  const after = {
    list: [{ name: 'b' }, { name: 'a', x: 2 }, { name: 'ours' }],
    hook: { preStop: { exec: { command: ['ours'] } } },
  };
  expect(whatWasLost(before, after)).toEqual(['.list[0]', '.text', '.hook.preStop.exec.command']);
});

describe.each(situations)('%s', (situation) => {
  const inPath = `${directory}/${situation}/in.yaml`;
  const outPath = join(root, directory, situation, 'out.yaml');
  const inText = readFileSync(join(root, inPath), 'utf8');
  const before = onlyObject(inText);
  let injected: Ran;
  let outText: string;
  let after: JsonObject;
  beforeAll(() => {
    injected = runPgusher(['inject', '-f', inPath]);
    outText = injected.stdout;
    after = onlyObject(outText);
  });

  test('the command line gives out.yaml, the same bytes each time', async () => {
    if (!isRefreshing()) expect(existsSync(outPath), `${outPath}; write it with vitest run -u`).toBe(true);
    expect(injected.status, injected.stderr).toBe(0);
    await expect(outText).toMatchFileSnapshot(outPath);
    expect(runPgusher(['inject', '-f', '-'], { stdin: inText }).stdout).toBe(outText);
  });

  test('injecting the output changes nothing; taking it out gives back the input byte for byte', () => {
    expect(runPgusher(['inject', '-f', '-'], { stdin: outText }).stdout).toBe(outText);
    expect(runPgusher(['uninject', '-f', '-'], { stdin: outText }).stdout).toBe(inText);
  });

  test('the webhook gives the same object, the same bytes each time', async () => {
    const answer = await door.ask('/mutate', before);
    expect(answer.message).toBe('');
    expect(applyOperations(before, answer.operations)).toEqual(after);
    expect((await door.ask('/mutate', before)).body).toBe(answer.body);
  });

  test('admitting the output again changes nothing, as a new object and as an update', async () => {
    expect((await door.ask('/mutate', after)).operations).toEqual([]);
    expect((await door.ask('/mutate', after, after)).operations).toEqual([]);
  });

  test('applying the input again over the output changes nothing', async () => {
    const { operations } = await door.ask('/mutate', before, after);
    expect(applyOperations(before, operations)).toEqual(after);
  });

  test('nothing that the user wrote is lost', () => {
    expect(whatWasLost(before, after)).toEqual([]);
  });

  test('adoption touches nothing that an update cannot change', async () => {
    const metadata = objectAt(before, 'metadata');
    const unmanaged = { ...before, metadata: { ...metadata, labels: {} } };
    const { operations } = await door.ask('/mutate', before, unmanaged);
    const paths = operations.map(({ path }) => path);
    expect(
      paths.filter((path) => /^\/spec\/(selector|serviceName|volumeClaimTemplates|podManagementPolicy)/.test(path)),
    ).toEqual([]);
  });

  test('the output passes our own checks', async () => {
    const answer = await door.ask('/validate', after);
    expect(answer).toMatchObject({ allowed: true, message: '' });
  });

  test('what we inject is ASCII, comes through the kubelet as it was meant, and is readable', () => {
    const ours = objectsAt(podSpecOf(after), 'initContainers').filter(
      (container) => textAt(container, 'name')?.startsWith('pgusher-') === true,
    );
    expect(ours.map((container) => textAt(container, 'name'))).toEqual([
      'pgusher-backup',
      'pgusher-restore',
      'pgusher-initdb',
    ]);
    for (const container of ours) {
      const words = [
        ...textsAt(container, 'command'),
        ...(textAt(container, 'name') === 'pgusher-initdb' ? [] : textsAt(container, 'args')),
      ];
      expect(words.filter((word) => /[^ -~]/.test(word) || expandAsKubelet(word, new Map()) !== word)).toEqual([]);
      const contract = objectsAt(container, 'env').find((variable) => variable['name'] === 'PGUSHER_CONTRACT');
      if (contract === undefined) continue;
      expect(JSON.parse(expandAsKubelet(textAt(contract, 'value') ?? '', new Map()))).toMatchObject({ version: 1 });
    }
    // Text of several lines is printed as a block, never as "a\nb".
    expect(outText.split('\n').filter((line) => !inText.includes(line) && /^[^'#]*"[^"]*\\n/.test(line))).toEqual([]);
  });
});

function onlyObject(text: string): JsonObject {
  const read = readManifests(text);
  const value: Json | undefined = read.kind === 'read' ? read.documents[0]?.value : undefined;
  if (!isObject(value)) throw new Error('a fixture holds one object');
  return value;
}

function podSpecOf(object: JsonObject): JsonObject {
  return objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
}

function isRefreshing(): boolean {
  return expect.getState().snapshotState.snapshotUpdateState === 'all';
}
