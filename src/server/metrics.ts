import { collectDefaultMetrics, Counter, Gauge, Registry } from '@prometheus-io/client';
import { durationBounds } from './tally.ts';
import type { Count, Durations, Tally } from './tally.ts';

export interface MetricsOptions {
  readonly version: string;
  /** End of the serving certificate's validity, asked at each look. */
  readonly certificateEnd: () => Date;
  /** State of each watch of the cluster, by what is watched. */
  readonly lookUps: () => ReadonlyMap<string, string>;
}

export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** The text of /metrics, made from the tally each time it is asked for. */
export function createMetrics(tally: Tally, options: MetricsOptions): () => Promise<Exposition> {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const counter = (name: string, help: string, labelNames: string[], counts: ReadonlyMap<string, Count>): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const { labels, count } of counts.values()) this.inc(labels, count);
      },
    });
  };
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };

  counter(
    'pgusher_reviews_total',
    'Admission reviews answered with HTTP 200.',
    ['webhook', 'operation', 'decision', 'dry_run'],
    tally.reviews,
  );
  counter(
    'pgusher_refused_requests_total',
    'Requests to a webhook path answered with another status than 200.',
    ['webhook', 'code'],
    tally.refusals,
  );
  counter(
    'pgusher_aborted_requests_total',
    'Requests whose client went away before the body was complete.',
    ['webhook'],
    tally.aborts,
  );
  counter('pgusher_findings_total', 'Findings in answers that were no dry run.', ['check', 'severity'], tally.findings);
  new Counter({
    name: 'pgusher_patch_operations_total',
    help: 'JSON Patch operations sent.',
    registers,
    collect() {
      this.reset();
      this.inc(tally.patchOperations);
    },
  });
  gauge('pgusher_requests_in_flight', 'Requests under way.', () => tally.inFlight);
  gauge(
    'pgusher_configuration_last_read_successful',
    '1: the configuration in use is what the file says. 0: the file cannot be used, an earlier one is in use.',
    () => (tally.configurationProblems.length === 0 ? 1 : 0),
  );
  gauge(
    'pgusher_certificate_not_after_timestamp_seconds',
    'End of validity of the serving certificate.',
    () => options.certificateEnd().getTime() / 1000,
  );
  new Gauge({
    name: 'pgusher_look_up_state',
    help: '1 for the state that the watch of these objects is in; checks that need them warn until it is synced.',
    labelNames: ['objects', 'state'],
    registers,
    collect() {
      this.reset();
      for (const [objects, state] of options.lookUps()) this.set({ objects, state }, 1);
    },
  });
  new Gauge({ name: 'pgusher_build_info', help: 'Always 1.', labelNames: ['version'], registers }).set(
    { version: options.version },
    1,
  );

  return async () => ({
    contentType: registry.contentType,
    body: `${await registry.metrics()}\n${durationHistogram([...tally.durations.values()])}`,
  });
}

/** In the text format by hand: the library's histogram takes observations one by one and no counts. */
function durationHistogram(all: readonly Durations[]): string {
  const name = 'pgusher_review_duration_seconds';
  const lines = all.flatMap(({ webhook, counts, sum }) => {
    let count = 0;
    const buckets = counts.map((inBucket, index) => {
      count += inBucket;
      const bound = durationBounds[index];
      return `${name}_bucket{le="${bound === undefined ? '+Inf' : String(bound)}",webhook="${webhook}"} ${String(count)}`;
    });
    const labels = `{webhook="${webhook}"}`;
    return [...buckets, `${name}_sum${labels} ${String(sum)}`, `${name}_count${labels} ${String(count)}`];
  });
  const head = [`# HELP ${name} From the complete body to the written answer.`, `# TYPE ${name} histogram`];
  return `${[...head, ...lines].join('\n')}\n`;
}
