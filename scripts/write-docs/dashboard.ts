import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Writes the Grafana dashboard from the table below: `node scripts/write-docs/dashboard.ts`, without arguments, from anywhere.
 * test/alerts/dashboard.test.ts fails while the file and the table differ, and tries each expression.
 */

export const dashboardPath = fileURLToPath(
  new URL('../../manifests/components/grafana-dashboard/pgusher.json', import.meta.url),
);

/** What is drawn for each pod of an agent: of the namespaces and pods that were chosen above. */
const chosen = 'namespace=~"$namespace", pod=~"$pod"';
const age = (metric: string): string => `time() - (${metric}{${chosen}} > 0)`;
const pod = '{{namespace}}/{{pod}}';

interface Panel {
  readonly kind: 'stat' | 'timeseries';
  readonly title: string;
  /** Shown at the panel's corner: what is good, and what is not. */
  readonly description: string;
  readonly unit: string;
  readonly width: 4 | 6 | 8 | 12;
  /** Expressions by the name of what they draw. */
  readonly series: Readonly<Record<string, string>>;
  /** From here on it is red. */
  readonly red?: number;
}

const sections: Readonly<Record<string, readonly Panel[]>> = {
  'All sets': [
    {
      kind: 'stat',
      title: 'Not protected',
      description: 'Databases that want backups and would not come back whole. Wanted: 0.',
      unit: 'short',
      width: 4,
      series: {
        databases: `count(pgusher_protected{${chosen}} == 0 and pgusher_backup_wanted == 1 unless pgusher_server_in_recovery == 1) or vector(0)`,
      },
      red: 1,
    },
    {
      kind: 'stat',
      title: 'Behind their schedule',
      description: 'Databases whose schedule has waited for a base backup for more than an hour. Wanted: 0.',
      unit: 'short',
      width: 4,
      series: { databases: `count(pgusher_base_backup_overdue_seconds{${chosen}} > 0) or vector(0)` },
      red: 1,
    },
    {
      kind: 'stat',
      title: 'Standbys that do not stream',
      description: 'Wanted: 0.',
      unit: 'short',
      width: 4,
      series: {
        standbys: `count(pgusher_standby_streaming{${chosen}} == 0 and pgusher_server_standby == 1 unless pgusher_archive_followed == 1) or vector(0)`,
      },
      red: 1,
    },
    {
      kind: 'stat',
      title: 'Primaries whose commits wait',
      description: 'Fewer standbys stream than postgres.io/synchronous wants. Wanted: 0.',
      unit: 'short',
      width: 4,
      series: {
        primaries: `count(pgusher_synchronous_streaming{${chosen}} < pgusher_synchronous_wanted) or vector(0)`,
      },
      red: 1,
    },
    {
      kind: 'stat',
      title: 'Damaged base backups',
      description: 'Databases whose last checked base backup is not what was written. Wanted: 0.',
      unit: 'short',
      width: 4,
      series: {
        databases: `count(pgusher_last_verification_success{${chosen}} == 0 and pgusher_last_verification_timestamp_seconds > 0) or vector(0)`,
      },
      red: 1,
    },
    {
      kind: 'stat',
      title: 'Primaries',
      description: 'Servers that take writes, as far as their agents know.',
      unit: 'short',
      width: 4,
      series: { primaries: `sum(pgusher_server_primary{${chosen}}) or vector(0)` },
    },
  ],
  Backups: [
    {
      kind: 'timeseries',
      title: 'Behind the server',
      description: 'How long ago the store had all WAL of the server. From a minute on PgusherWalLag rings.',
      unit: 's',
      width: 12,
      series: { [pod]: `pgusher_wal_lag_seconds{${chosen}}` },
      red: 60,
    },
    {
      kind: 'timeseries',
      title: 'Age of the newest base backup',
      description: 'Since it was complete.',
      unit: 's',
      width: 12,
      series: { [pod]: age('pgusher_last_base_backup_timestamp_seconds') },
    },
    {
      kind: 'timeseries',
      title: 'How far back can be recovered',
      description: 'From now to the start of the window.',
      unit: 's',
      width: 12,
      series: { [pod]: age('pgusher_recoverable_from_timestamp_seconds') },
    },
    {
      kind: 'timeseries',
      title: 'Room in the store',
      description: 'Of all of it. Below a tenth PgusherStoreAlmostFull rings.',
      unit: 'percentunit',
      width: 12,
      series: { [pod]: `pgusher_store_bytes_free{${chosen}} / (pgusher_store_bytes_total > 0)` },
    },
    {
      kind: 'timeseries',
      title: 'Size of the newest base backup',
      description: 'As it is stored.',
      unit: 'bytes',
      width: 8,
      series: { [pod]: `pgusher_last_base_backup_bytes{${chosen}}` },
    },
    {
      kind: 'timeseries',
      title: 'WAL stored',
      description: 'Segments a minute that were compressed into the store.',
      unit: 'short',
      width: 8,
      series: { [pod]: `rate(pgusher_wal_segments_moved_total{${chosen}}[$__rate_interval]) * 60` },
    },
    {
      kind: 'timeseries',
      title: 'Trouble that is not over',
      description: 'By kind; the words are on the page of the agent and in `pgusher status`.',
      unit: 'short',
      width: 8,
      series: { [`${pod} {{kind}}`]: `pgusher_failure{${chosen}}` },
    },
  ],
  'Off-site copies': [
    {
      kind: 'timeseries',
      title: 'Behind the claim',
      description: 'How long ago the bucket had all WAL of the claim.',
      unit: 's',
      width: 12,
      series: { [pod]: `pgusher_offsite_lag_seconds{${chosen}} and pgusher_offsite_wanted == 1` },
      red: 900,
    },
    {
      kind: 'timeseries',
      title: 'Requests',
      description: 'By what was asked and what came of it, a second.',
      unit: 'reqps',
      width: 12,
      series: {
        '{{operation}} {{outcome}}': `sum by (operation, outcome) (rate(pgusher_offsite_requests_total{${chosen}}[$__rate_interval]))`,
      },
    },
  ],
  'Slots and standbys': [
    {
      kind: 'timeseries',
      title: 'WAL that servers keep',
      description:
        'For the backup and for each standby. From half of max_slot_wal_keep_size on PgusherSlotKeepsMuch rings.',
      unit: 'bytes',
      width: 12,
      series: {
        [`${pod} backup`]: `pgusher_slot_retained_bytes{${chosen}}`,
        [`${pod} {{slot}}`]: `pgusher_standby_slot_retained_bytes{${chosen}}`,
      },
    },
    {
      kind: 'timeseries',
      title: 'Standbys that stream, and that commits wait for',
      description: 'Where fewer stream than are waited for, every commit waits.',
      unit: 'short',
      width: 12,
      series: {
        [`${pod} stream`]: `pgusher_synchronous_streaming{${chosen}} and pgusher_synchronous_wanted > 0`,
        [`${pod} waited for`]: `pgusher_synchronous_wanted{${chosen}} > 0`,
      },
    },
    {
      kind: 'timeseries',
      title: 'Behind the set whose backups it follows',
      description:
        'Standbys that are fed by the backups of another set. From five minutes on PgusherArchiveBehind rings.',
      unit: 's',
      width: 12,
      series: { [pod]: `pgusher_archive_lag_seconds{${chosen}} and pgusher_archive_followed == 1` },
      red: 300,
    },
  ],
  Webhook: [
    {
      kind: 'timeseries',
      title: 'Reviews',
      description: 'By what was decided, a second; dry runs too.',
      unit: 'reqps',
      width: 8,
      series: { '{{decision}}': 'sum by (decision) (rate(pgusher_reviews_total[$__rate_interval]))' },
    },
    {
      kind: 'timeseries',
      title: 'Time for a review',
      description: 'From the complete body to the written answer. kube-apiserver waits for ten seconds.',
      unit: 's',
      width: 8,
      series: {
        'half of them': quantile(0.5),
        '99 of 100': quantile(0.99),
      },
    },
    {
      kind: 'timeseries',
      title: 'Answers that are no verdict',
      description:
        'HTTP status of requests that were not answered with a review, and clients that went away, a second. Wanted: none.',
      unit: 'reqps',
      width: 8,
      series: {
        '{{code}}': 'sum by (code) (rate(pgusher_refused_requests_total[$__rate_interval]))',
        'went away': 'sum(rate(pgusher_aborted_requests_total[$__rate_interval]))',
      },
    },
    {
      kind: 'timeseries',
      title: 'Findings',
      description: 'What was refused and warned about in the last hour, by check; docs/checks.md explains each.',
      unit: 'short',
      width: 12,
      series: {
        '{{check}} ({{severity}})': 'topk(10, sum by (check, severity) (increase(pgusher_findings_total[1h])))',
      },
    },
    {
      kind: 'timeseries',
      title: 'Certificate is good for',
      description: 'Below a week PgusherCertificateNearItsEnd rings.',
      unit: 's',
      width: 6,
      series: { '{{pod}}': 'pgusher_certificate_not_after_timestamp_seconds - time()' },
    },
    {
      kind: 'timeseries',
      title: 'What it does not know',
      description:
        'Kinds of objects that a replica may not read or has not read; an unusable config file. Wanted: none.',
      unit: 'short',
      width: 6,
      series: {
        '{{pod}} {{objects}}: {{state}}': 'pgusher_look_up_state{state=~"forbidden|not-synced"} == 1',
        '{{pod}} config file': 'pgusher_configuration_last_read_successful == 0',
      },
    },
  ],
};

function quantile(part: number): string {
  return `histogram_quantile(${String(part)}, sum by (le) (rate(pgusher_review_duration_seconds_bucket[$__rate_interval])))`;
}

const datasource = { type: 'prometheus', uid: '${datasource}' };

/** The whole of the file, in the classic model of dashboards that Grafana 9 to 12 import. */
export function dashboardText(): string {
  let id = 0;
  let y = 0;
  const panels = Object.entries(sections).flatMap(([title, inSection]) => {
    const row = { id: ++id, type: 'row', title, collapsed: false, gridPos: { h: 1, w: 24, x: 0, y: y++ }, panels: [] };
    let x = 0;
    const drawn = inSection.map((panel) => {
      const h = panel.kind === 'stat' ? 4 : 8;
      if (x + panel.width > 24) {
        x = 0;
        y += h;
      }
      const place = { h, w: panel.width, x, y };
      x += panel.width;
      return { ...drawing(panel), id: ++id, gridPos: place };
    });
    y += inSection[0]?.kind === 'stat' ? 4 : 8;
    return [row, ...drawn];
  });
  const dashboard = {
    uid: 'pgusher',
    title: 'pgusher',
    description: 'Whether each database comes back whole, and whether the webhook is well.',
    tags: ['postgres', 'pgusher'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        choice('namespace', 'Namespace', 'label_values(pgusher_protected, namespace)'),
        choice('pod', 'Pod', 'label_values(pgusher_protected{namespace=~"$namespace"}, pod)'),
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

function drawing({ kind, title, description, unit, series, red }: Panel): object {
  const steps = [{ color: 'green', value: null }, ...(red === undefined ? [] : [{ color: 'red', value: red }])];
  return {
    type: kind,
    title,
    description,
    datasource,
    targets: Object.entries(series).map(([legendFormat, expr], index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource,
      expr,
      legendFormat,
      range: kind === 'timeseries',
      instant: kind === 'stat',
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(kind === 'stat'
          ? {}
          : { custom: { showPoints: 'never', thresholdsStyle: { mode: red === undefined ? 'off' : 'dashed' } } }),
        thresholds: { mode: 'absolute', steps },
      },
      overrides: [],
    },
    options:
      kind === 'stat'
        ? {
            colorMode: 'background',
            graphMode: 'none',
            reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
          }
        : {
            legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
            tooltip: { mode: 'multi', sort: 'desc' },
          },
  };
}

function choice(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: { query, refId: name },
    definition: query,
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(dashboardPath, dashboardText());
