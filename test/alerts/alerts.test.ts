import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { settingTable } from '../../src/workload/setting-table.ts';
import { missingTools } from '../support/tool.ts';
import { exposedMetrics, labelValues, targetLabels } from './exposed-metrics.ts';
import { namesIn } from './expression.ts';
import { promtool } from './promtool.ts';

/** The alerts speak of figures that exist, each is explained, and each rings when it should. */

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'manifests/components/prometheus-operator/alerts.yaml'), 'utf8');
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}
const { spec } = parse(text) as { readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } };
const rules = spec.groups.flatMap((group) => group.rules);

const cases = parse(readFileSync(join(import.meta.dirname, 'alerts.test.yaml'), 'utf8')) as {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
};

let exposed: ReadonlyMap<string, ReadonlySet<string>>;
beforeAll(async () => {
  exposed = await exposedMetrics();
});

test('each metric that an alert names is one of ours, spelt as it is exposed', () => {
  const named = rules.flatMap(({ expr }) => namesIn(expr).metrics);
  expect(named.filter((name) => !exposed.has(name))).toEqual([]);
});

test('each value of a label that an alert asks for is one that there is', () => {
  const asked = rules.flatMap(({ expr }) => namesIn(expr).matchers);
  const unknown = asked
    .filter(({ label }) => label !== 'code' && label !== 'container')
    .flatMap(({ label, values }) => values.filter((value) => !(labelValues[label] ?? []).includes(value)));
  expect(unknown).toEqual([]);
});

describe('docs/operations.md', () => {
  const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const [, behind = ''] = page.split('## When an alert rings');
  const [part = ''] = behind.split('\n## ');
  const paragraphs = new Map(
    part
      .split('\n### ')
      .slice(1)
      .map((paragraph) => [paragraph.split('\n', 1)[0], paragraph]),
  );

  test('has a paragraph for each alert, and for no other', () => {
    expect([...paragraphs.keys()].toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
  });

  test.each(rules)('$alert leads there, and says what to type', ({ alert, annotations }) => {
    expect(annotations['runbook']).toBe(`docs/operations.md#${alert.toLowerCase()}`);
    expect(paragraphs.get(alert)).toMatch(/`(pgusher|kubectl|SELECT) [^`]+`/);
  });

  test("names the agent's port as it is", () => {
    const port = settingTable.find(({ name }) => name === 'agent-port')?.default;
    const named = [
      ...page.matchAll(
        /port-forward (?!deploy\/pgusher )\S+ (\d+)|agent \(port \d+|from port (\d+)|http:\/\/POD:(\d+)/g,
      ),
    ];
    expect(new Set(named.map((match) => /\d+$/.exec(match[0])?.[0]))).toEqual(new Set([port]));
    expect(named.length).toBeGreaterThan(3);
  });
});

describe('the cases that promtool is given', () => {
  test.each(rules)('have one in which $alert rings and one in which it does not', ({ alert }) => {
    const own = cases.tests.flatMap((each) => each.alert_rule_test).filter(({ alertname }) => alertname === alert);
    expect(own.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(own.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  });

  test('have the labels of real series', () => {
    const unknown = cases.tests
      .flatMap(({ input_series }) => input_series)
      .filter(({ series }) => !series.startsWith('up{'))
      .flatMap(({ series }) => {
        const [name = ''] = series.split('{');
        const labels = namesIn(series).matchers.map(({ label }) => label);
        const known = [...targetLabels, ...(exposed.get(name) ?? [])];
        return labels.filter((label) => !known.includes(label)).map((label) => `${name}: ${label}`);
      });
    expect(unknown).toEqual([]);
  });
});

describe.skipIf(missingTools('promtool'))('promtool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgusher-alerts-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  copyFileSync(join(import.meta.dirname, 'alerts.test.yaml'), join(folder, 'alerts.test.yaml'));

  test('takes the rules', () => {
    expect(promtool(folder, 'check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${String(rules.length)} rules found`);
  });

  test('sees each case ring when it should, and not before', () => {
    expect(promtool(folder, 'test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });

  test('takes the job that docs/operations.md shows', () => {
    const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    const [, job = ''] = /```yaml\n# prometheus\.yml\n([^]*?)```/.exec(page) ?? [];
    expect(job).toContain('job_name: pgusher-agents');
    // Debian builds Prometheus without the discovery of Kubernetes, so that the rest of the job is what can be tried.
    const discovery = 'kubernetes_sd_configs: [{ role: pod }]';
    expect(job).toContain(discovery);
    writeFileSync(join(folder, 'prometheus.yml'), job.replace(discovery, 'static_configs: [{ targets: [localhost] }]'));
    expect(promtool(folder, 'check', 'config', 'prometheus.yml')).toContain('SUCCESS');
  });
});
