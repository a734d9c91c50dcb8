import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { newStatus } from '../../src/agent/backup/agent-status.ts';
import { createMetrics as agentMetrics } from '../../src/agent/http/metrics.ts';
import { createMetrics as webhookMetrics } from '../../src/server/metrics.ts';
import { Tally } from '../../src/server/tally.ts';
import { missingTools } from '../support/tool.ts';

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

const at = new Date('2026-11-29T12:00:00Z');

async function metricNames(): Promise<ReadonlySet<string>> {
  const agent = agentMetrics(newStatus({ namespace: 'n', set: 's', startedAt: at, backupWanted: true }), () => at);
  const webhook = webhookMetrics(new Tally(), { version: '1', certificateEnd: () => at, lookUps: () => new Map() });
  const texts = [await agent.metrics(), (await webhook()).body];
  return new Set(texts.flatMap((shown) => [...shown.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)));
}

test('each metric that an alert names is one of ours, spelt as it is exposed', async () => {
  const known = await metricNames();
  const named = rules.flatMap(({ expr }) => expr.match(/pgusher_[a-z_]+/g) ?? []);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

describe('docs/operations.md', () => {
  const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const [, part = ''] = page.split('## When an alert rings');

  test('has a paragraph for each alert, and for no other', () => {
    const headings = [...(part.split('\n## ')[0] ?? '').matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(rules.map(({ alert }) => alert));
  });

  test.each(rules)('$alert leads there', ({ alert, annotations }) => {
    expect(annotations['runbook']).toBe(`docs/operations.md#${alert.toLowerCase()}`);
  });
});

describe.skipIf(missingTools('promtool'))('promtool', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pgusher-alerts-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'rules.yaml'), stringify(spec));
  copyFileSync(join(import.meta.dirname, 'alerts.test.yaml'), join(folder, 'alerts.test.yaml'));
  const run = (...args: readonly string[]): string =>
    execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  test('takes the rules', () => {
    expect(run('check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${String(rules.length)} rules found`);
  });

  test('sees each case ring when it should, and not before', () => {
    expect(run('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });
});
