import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { dashboardPath, dashboardText } from '../../scripts/write-docs/dashboard.ts';
import { missingTools } from '../support/tool.ts';
import { exposedMetrics, labelValues, targetLabels } from './exposed-metrics.ts';
import { namesIn } from './expression.ts';
import { promtool } from './promtool.ts';

/** The dashboard draws figures that exist, and nothing on it lies over something else. */

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
const written = readFileSync(dashboardPath, 'utf8');
const dashboard = JSON.parse(written) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
};
const drawn = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

/** As Grafana would fill it in. */
function filledIn(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$namespace', '.*')
    .replaceAll('$pod', 'orders-0|orders-1');
}

let exposed: ReadonlyMap<string, ReadonlySet<string>>;
beforeAll(async () => {
  exposed = await exposedMetrics();
});

test('is what scripts/write-docs/dashboard.ts writes; npm run docs does', () => {
  expect(written).toBe(dashboardText());
});

test('each metric and each value of a label that it asks for is one that there is', () => {
  const questions = [
    ...drawn.map(({ expr }) => expr),
    ...dashboard.templating.list.flatMap(({ definition }) => (definition === undefined ? [] : [definition])),
  ].map(namesIn);
  expect(questions.flatMap(({ metrics }) => metrics).filter((name) => !exposed.has(name))).toEqual([]);
  const unknown = questions
    .flatMap(({ matchers }) => matchers)
    .filter(({ label }) => !targetLabels.includes(label))
    .flatMap(({ label, values }) => values.filter((value) => !(labelValues[label] ?? []).includes(value)));
  expect(unknown).toEqual([]);
});

test.each(drawn)('$title: names lines by labels that they have', ({ expr, legendFormat }) => {
  const wanted = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  const summed = /\bby \(([^)]*)\)/.exec(expr)?.[1]?.split(', ');
  const own = namesIn(expr).metrics.flatMap((name) => [...(exposed.get(name) ?? [])]);
  const known = summed ?? [...targetLabels, ...own];
  expect(wanted.filter((label) => !known.includes(label))).toEqual([]);
});

test('each panel has an id and a place of its own, within 24 columns', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const taken = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${String(x + (cell % w))} ${String(y + Math.floor(cell / w))}`),
  );
  expect(new Set(taken).size).toBe(taken.length);
  expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
});

describe.skipIf(missingTools('promtool'))('promtool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgusher-dashboard-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('takes each expression', () => {
    const rules = drawn.map(({ expr }, index) => ({ record: `panel:${String(index)}`, expr: filledIn(expr) }));
    writeFileSync(join(folder, 'rules.yaml'), stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(promtool(folder, 'check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${String(drawn.length)} rules found`);
  });

  test('sees the figures on top count what they say', () => {
    // Unprotected: one primary; not the standby, nor the set whose backups are off. One schedule is late.
    const pods = [
      {
        name: 'orders-0',
        protected: 0,
        wanted: 1,
        recovery: 0,
        standby: 0,
        overdue: 4000,
        streams: 0,
        needed: 1,
        streaming: 0,
      },
      {
        name: 'orders-1',
        protected: 0,
        wanted: 1,
        recovery: 1,
        standby: 1,
        overdue: 0,
        streams: 0,
        needed: 0,
        streaming: 0,
      },
      {
        name: 'orders-2',
        protected: 0,
        wanted: 0,
        recovery: 0,
        standby: 0,
        overdue: 0,
        streams: 0,
        needed: 0,
        streaming: 0,
      },
    ];
    const names = {
      protected: 'pgusher_protected',
      wanted: 'pgusher_backup_wanted',
      recovery: 'pgusher_server_in_recovery',
      overdue: 'pgusher_base_backup_overdue_seconds',
      standby: 'pgusher_server_standby',
      streams: 'pgusher_standby_streaming',
      needed: 'pgusher_synchronous_wanted',
      streaming: 'pgusher_synchronous_streaming',
    } as const;
    const input = pods.flatMap((pod) =>
      Object.entries(names).map(([key, name]) => ({
        series: `${name}{namespace="shop", pod="${pod.name}"}`,
        values: `${String(pod[key as keyof typeof names])}x5`,
      })),
    );
    const expected = new Map([
      ['Not protected', 1],
      ['Behind their schedule', 1],
      ['Standbys that do not stream', 1],
      ['Primaries whose commits wait', 1],
      ['Damaged base backups', 0],
    ]);
    const tests = drawn
      .filter(({ title }) => expected.has(title))
      .map(({ title, expr }) => ({
        expr: filledIn(expr).replaceAll('orders-0|orders-1', '.*'),
        eval_time: '3m',
        exp_samples: [{ labels: '{}', value: expected.get(title) }],
      }));
    expect(tests).toHaveLength(expected.size);
    writeFileSync(
      join(folder, 'figures.yaml'),
      stringify({ rule_files: [], tests: [{ interval: '1m', input_series: input, promql_expr_test: tests }] }),
    );
    expect(promtool(folder, 'test', 'rules', 'figures.yaml')).toContain('SUCCESS');
  });
});
