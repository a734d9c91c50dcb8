import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answerReview } from '../src/admission/handler.ts';
import type { Answer } from '../src/admission/handler.ts';
import { mutate } from '../src/admission/mutate.ts';
import { overviewPage } from '../src/page/overview-page.ts';
import { applyOperations } from '../src/plan/json-patch.ts';
import { DecisionLog } from '../src/server/decision-log.ts';
import { createMetrics } from '../src/server/metrics.ts';
import { Tally } from '../src/server/tally.ts';
import type { Json, JsonObject } from '../src/workload/json.ts';
import { objectAt, objectsAt, textAt } from '../src/workload/json.ts';
import { settingTable } from '../src/workload/setting-table.ts';
import { sample } from './page/support/sample.ts';
import { managedSet, plainContext, requestOf, reviewOf } from './support/review.ts';

/** What docs/security.md claims, as far as no other test shows it. */

const root = join(import.meta.dirname, '..');

test('each claim of docs/security.md names a test that there is', () => {
  const rows = readFileSync(join(root, 'docs', 'security.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:---|claim)/.test(line));
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const [, file = '', title = ''] = /\| `(test\/[^`]+)`: ([^|]+?) \|$/.exec(row) ?? [];
    expect(file, row).not.toBe('');
    expect(readFileSync(join(root, file), 'utf8'), row).toContain(title);
  }
});

const podOf = (object: Json): JsonObject =>
  objectAt(objectAt(objectAt(object as JsonObject, 'spec'), 'template'), 'spec');

describe('a literal password', () => {
  const password = 'correct-horse-battery';
  const setWith = (annotations: Readonly<Record<string, string>>): JsonObject =>
    managedSet({
      annotations,
      env: [
        { name: 'POSTGRES_PASSWORD', value: password },
        { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
      ],
    });
  const excepted = setWith({ 'postgres.io/allow-plaintext-password': 'a test' });
  const answered = (name: 'mutate' | 'validate', object = excepted): Extract<Answer, { readonly kind: 'reviewed' }> => {
    const answer = answerReview(name, JSON.stringify(reviewOf({ object })), plainContext);
    if (answer.kind !== 'reviewed') throw new Error(answer.line);
    return answer;
  };

  test('is refused, without a word of it', () => {
    const { body, verdict } = answered('mutate', setWith({}));
    expect(verdict.findings.map(({ check }) => check)).toContain('plaintext-password');
    expect(verdict.allowed).toBe(false);
    expect(body).not.toContain(password);
  });

  test("where it is excepted, goes into the container that runs the image's own script, and nowhere else", () => {
    const { body, verdict } = answered('mutate');
    const { response } = JSON.parse(body) as { readonly response: { readonly patch: string } };
    expect(JSON.stringify({ ...response, patch: '' })).not.toContain(password);
    expect(verdict.operations.length).toBeGreaterThan(3);
    const withIt = verdict.operations.filter((operation) => JSON.stringify(operation).includes(password));
    expect(withIt.map(({ path }) => path)).toEqual(['/spec/template/spec/initContainers']);
    const pod = podOf(applyOperations(excepted, verdict.operations));
    const holders = [...objectsAt(pod, 'initContainers'), ...objectsAt(pod, 'containers')].filter((container) =>
      JSON.stringify(container).includes(password),
    );
    expect(holders.map((container) => textAt(container, 'name'))).toEqual(['pgusher-initdb', 'postgres']);
    expect(answered('validate').body).not.toContain(password);
  });

  test('is neither on the page nor among the metrics, nor is the name of whoever wrote it', async () => {
    const [tally, decisions] = [new Tally(), new DecisionLog()];
    for (const door of ['mutate', 'validate'] as const) {
      const { request, verdict } = answered(door);
      tally.reviewed(door, request, verdict, 0.001);
      decisions.add(door, request, verdict, new Date());
    }
    const page = overviewPage(sample({ decisions: decisions.lastHour(new Date()) }), {
      namespace: null,
      unsafe: false,
    });
    const metrics = createMetrics(tally, { version: '1', certificateEnd: () => new Date(), lookUps: () => new Map() });
    const { body } = await metrics();
    expect(page).toContain('shop/orders');
    expect(body).toContain('pgusher_reviews_total{webhook="mutate"');
    for (const text of [page, body]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain('ada');
    }
    // A label of a metric with names of a cluster grows without a bound, and tells tenants of each other.
    expect(body).not.toMatch(/shop|orders/);
  });
});

describe('the text of an annotation', () => {
  /** Command, arguments, probes, hooks and image of the agent's containers; undefined where nothing is injected. */
  function commandsOf(annotations: Readonly<Record<string, string>>): Json | undefined {
    const object = managedSet({ annotations });
    const pod = podOf(applyOperations(object, mutate(requestOf({ object }), plainContext).operations));
    const agents = objectsAt(pod, 'initContainers').filter((container) =>
      ['pgusher-backup', 'pgusher-restore'].includes(textAt(container, 'name') ?? ''),
    );
    const fields = ['command', 'args', 'lifecycle', 'startupProbe', 'image'];
    const commands = agents.map((container) =>
      Object.fromEntries(Object.entries(container).filter(([key]) => fields.includes(key))),
    );
    return commands.length === 0 ? undefined : commands;
  }
  const plain = commandsOf({});

  test('there is something to compare', () => {
    expect(JSON.stringify(plain)).toContain('"args":["restore"]');
  });

  // `agent-image` is there to choose one: whoever may edit the set could as well write a container.
  const settings = settingTable.filter(({ name }) => name !== 'agent-image');
  test.each(settings.map(({ name, example }) => [name, example]))(
    '%s becomes no part of a command and chooses no image',
    (name, example) => {
      for (const value of [example, `${example}$(id)`, `${example}; id`, `${example}\nid`]) {
        const commands = commandsOf({ [`postgres.io/${name}`]: value });
        // Refused, or left alone: nothing is injected.
        if (commands !== undefined) expect(commands).toEqual(plain);
      }
    },
  );
});
