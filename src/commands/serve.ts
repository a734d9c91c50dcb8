import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { BuiltInSource } from '../certificates/built-in/built-in-source.ts';
import type { Lives } from '../certificates/built-in/lives.ts';
import { fileSource } from '../certificates/file-source.ts';
import type { CertificateFiles } from '../certificates/file-source.ts';
import { environment } from '../configuration.ts';
import type { CertificateSource, ServingCertificate } from '../certificates/source.ts';
import type { ClusterWatch } from '../cluster/watch-cluster.ts';
import { contextSource } from '../server/admission-context.ts';
import { CannotServe } from '../server/cannot-serve.ts';
import { openConfigurationFile } from '../server/configuration-file.ts';
import { DecisionLog } from '../server/decision-log.ts';
import { drain, drainTimes } from '../server/drain.ts';
import { createHttpsServer } from '../server/https-server.ts';
import { limits } from '../server/limits.ts';
import { listen, parseListenAddress } from '../server/listen.ts';
import { loadedLater } from '../server/loaded-later.ts';
import { createLog } from '../server/log.ts';
import type { Log } from '../server/log.ts';
import type { Exposition } from '../server/metrics.ts';
import { createReadiness } from '../server/readiness.ts';
import { reviewEndpoint } from '../server/review-endpoint.ts';
import { Tally } from '../server/tally.ts';
import { version } from '../version.ts';
import { noFacts } from '../workload/fact-table.ts';
import type { PageOptions, ServedPage } from './serve-page.ts';
import { tellEndedExemptions } from './ended-exemptions.ts';

export interface ServeOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  readonly certificates: CertificateOrigin;
  /** The CA that kube-apiserver was given, for readiness. Undefined: readiness does not check the chain. */
  readonly ca?: string | undefined;
  /** Cluster config file; read again when it changes. */
  readonly config?: string | undefined;
  /** To watch a cluster from outside. */
  readonly kubeconfig?: string | undefined;
  /** `HOST:PORT` of the page for people; undefined: there is none, and nothing is kept for it. */
  readonly page?: string | undefined;
  /** JSON lines on stdout by default. */
  readonly log?: Log | undefined;
}

export type CertificateOrigin =
  /** Paths of PEM files; read again when they change. */
  | { readonly kind: 'files'; readonly certificate: string; readonly key: string }
  /** Made here, for this Service. */
  | { readonly kind: 'built-in'; readonly namespace: string; readonly service: string; readonly lives: Lives };

export interface Served {
  readonly port: number;
  /** Stops without losing a call: some ten seconds. */
  drain(): Promise<void>;
  /** Stops at once. */
  close(): void;
}

/** Starts the webhook. Resolves when it listens; rejects with CannotServe where it cannot. */
export async function serve(options: ServeOptions): Promise<Served> {
  const address = parseListenAddress(options.listen);
  if (address === undefined) {
    throw new CannotServe(`--listen is "${options.listen}"; wanted HOST:PORT, such as 0.0.0.0:10250 or [::]:10250`);
  }
  const configuration = await openConfigurationFile(options.config);
  const log = options.log ?? createLog(configuration.current().logLevel);
  const { certificate, authority } = await startCertificate(options, log);
  const cluster = await startClusterWatch(options.kubeconfig, log);
  cluster?.lookForSecrets(configuration.current().secretNames);
  const tally = new Tally();
  let exemptions = tellEndedExemptions(configuration.current().policy, log);
  configuration.follow({
    read: (next) => {
      cluster?.lookForSecrets(next.secretNames);
      tally.configurationProblems = [];
      log.setLevel(next.logLevel);
      exemptions.stop();
      exemptions = tellEndedExemptions(next.policy, log);
      log.info({ path: options.config }, 'configuration read');
    },
    refused: (problems) => {
      tally.configurationProblems = problems;
      log.error({ path: options.config, problems }, 'configuration not usable, the last good one stays');
    },
  });

  const hurry = new AbortController();
  let isLeaving = false;
  let port: number | undefined;
  const readiness = createReadiness({
    certificate,
    authority,
    port: () => port,
    problems: () => [
      ...(isLeaving ? ['stopping'] : []),
      ...(cluster === undefined || cluster.namespaces.synced() ? [] : ['the namespaces are not read yet']),
    ],
  });
  const rest = loadedLater(async () => {
    const { createApp } = await import('../server/app.ts');
    return createApp({
      version,
      readiness,
      details: () => [...configurationLines(options.config, tally), ...lookUpLines(cluster)],
      metrics: metricsOf(tally, certificate, () => cluster?.states() ?? new Map()),
      log,
    });
  });
  const decisions = options.page === undefined ? undefined : new DecisionLog();
  const endpoint = {
    decisions,
    context: contextSource(configuration, { namespaces: cluster?.namespaces, facts: cluster?.facts ?? noFacts }),
    log,
    tally,
    body: { bytes: limits.body, milliseconds: limits.request },
  };
  const server = createHttpsServer({
    certificate,
    limits,
    hot: new Map([
      ['/mutate', reviewEndpoint('mutate', endpoint)],
      ['/validate', reviewEndpoint('validate', endpoint)],
    ]),
    rest: rest.listener,
    leaving: () => isLeaving,
    onStart: () => {
      tally.inFlight += 1;
    },
    onFinish: () => {
      tally.inFlight -= 1;
    },
  });
  const page =
    decisions &&
    (await startPage({
      ...options,
      certificate,
      authority,
      decisions,
      remarks: () => remarksOf(options, tally, cluster),
      log,
    }));
  try {
    port = await listen(server, address);
  } catch (error) {
    throw new CannotServe(messageOf(error), { cause: error });
  }
  rest.load();
  log.info({ port, version }, 'listening');
  // Whoever waits for this line is not kept waiting for those that would fill a write.
  log.flush();

  const finish = (): void => {
    certificate.stop();
    configuration.stop();
    exemptions.stop();
    cluster?.stop();
    page?.stop();
    log.info({}, 'stopped');
    log.flush();
  };
  return {
    port,
    drain: async () => {
      isLeaving = true;
      log.info({ inFlight: tally.inFlight }, 'stopping');
      const times = { ...drainTimes, announce: configuration.current().drainAnnounce };
      await drain(server, () => tally.inFlight, times, hurry.signal);
      if (!hurry.signal.aborted) finish();
    },
    close: () => {
      isLeaving = true;
      hurry.abort();
      server.close();
      server.closeAllConnections();
      finish();
    },
  };
}

interface StartedCertificate {
  readonly certificate: CertificateSource;
  /** PEM of the CA that the apiserver was given, as far as it is known. */
  readonly authority: () => string | undefined;
}

async function startCertificate(options: ServeOptions, log: Log): Promise<StartedCertificate> {
  const { certificates, ca } = options;
  try {
    switch (certificates.kind) {
      case 'files':
        return {
          certificate: startFiles(certificates, log),
          authority: () => (ca === undefined ? undefined : readFileSync(ca, 'utf8')),
        };
      case 'built-in': {
        const certificate = await startBuiltIn(certificates, options.kubeconfig, log);
        return { certificate, authority: () => certificate.bundle() };
      }
    }
  } catch (error) {
    throw new CannotServe(messageOf(error), { cause: error });
  }
}

function startFiles(files: CertificateFiles, log: Log): CertificateSource {
  const source = fileSource(files, {
    onFailure: (message) => {
      log.error({ problem: message }, 'certificate not read');
    },
  });
  source.onChange((next) => {
    log.info({ path: files.certificate, notAfter: endOf(next).toISOString() }, 'certificate read');
  });
  return source;
}

/** node-forge and client-node are loaded where they are used alone. */
async function startBuiltIn(
  { namespace, service, lives }: Extract<CertificateOrigin, { readonly kind: 'built-in' }>,
  kubeconfig: string | undefined,
  log: Log,
): Promise<BuiltInSource> {
  const [{ builtInSource }, { webhookCertificates }, { clusterConfig }] = await Promise.all([
    import('../certificates/built-in/built-in-source.ts'),
    import('../cluster/webhook-certificates.ts'),
    import('../cluster/cluster-config.ts'),
  ]);
  if (kubeconfig === undefined && !environment.inCluster) {
    throw new Error(
      'built-in certificates are kept in a cluster, and this is in none; wanted --kubeconfig FILE, or --certificate and --key',
    );
  }
  const short = `${service}.${namespace}`;
  return builtInSource({
    names: { dnsNames: [`${short}.svc`, `${short}.svc.cluster.local`, short, service], addresses: [] },
    lives,
    cluster: webhookCertificates(clusterConfig(kubeconfig), namespace),
    onEvent: (event, details) => {
      log.info(details, event);
    },
    onFailure: (message) => {
      log.error({ problem: message }, 'certificates not kept');
    },
  });
}

/** express, the page and client-node are loaded where there is a page alone. */
async function startPage(
  options: Omit<PageOptions, 'listen' | 'inCluster' | 'kubeconfig'> & Pick<ServeOptions, 'page' | 'kubeconfig'>,
): Promise<ServedPage> {
  const { servePage } = await import('./serve-page.ts');
  const { page: listen = '', kubeconfig, ...others } = options;
  return servePage({ ...others, listen, kubeconfig, inCluster: kubeconfig !== undefined || environment.inCluster });
}

/** client-node takes half a second and 60 MB to load, so it is loaded only where there is a cluster to watch. */
async function startClusterWatch(kubeconfig: string | undefined, log: Log): Promise<ClusterWatch | undefined> {
  if (kubeconfig === undefined && !environment.inCluster) return undefined;
  const { watchCluster } = await import('../cluster/watch-cluster.ts');
  try {
    return watchCluster({
      kubeconfig,
      onError: (what, message) => {
        log.warn({ what, problem: message }, 'not watched');
      },
    });
  } catch (error) {
    throw new CannotServe(`the cluster cannot be watched: ${messageOf(error)}`, { cause: error });
  }
}

/** Not ready would take all replicas away for a slip in a file. */
function configurationLines(path: string | undefined, { configurationProblems }: Tally): readonly string[] {
  return configurationProblems.map((problem) => `configuration ${path ?? ''}: ${problem}; the last good one is in use`);
}

/** What keeps this replica from being as it should; nothing where all is well. */
function remarksOf({ config }: ServeOptions, tally: Tally, cluster: ClusterWatch | undefined): readonly string[] {
  const missing = [...(cluster?.states() ?? [])].filter(([, state]) => state === 'forbidden' || state === 'not-synced');
  return [...configurationLines(config, tally), ...missing.map(([kind, state]) => `look-up ${kind}: ${state}`)];
}

/** For a person who asks why a check said nothing. None of them keeps the webhook from being ready. */
function lookUpLines(cluster: ClusterWatch | undefined): readonly string[] {
  return [...(cluster?.states() ?? [])].map(([kind, state]) => `look-up ${kind}: ${state}`);
}

/** The library is loaded when somebody asks for the first time. */
function metricsOf(
  tally: Tally,
  certificate: CertificateSource,
  lookUps: () => ReadonlyMap<string, string>,
): () => Promise<Exposition> {
  const certificateEnd = (): Date => endOf(certificate.current());
  let metrics: Promise<() => Promise<Exposition>> | undefined;
  return async () => {
    metrics ??= import('../server/metrics.ts').then(({ createMetrics }) =>
      createMetrics(tally, { version, certificateEnd, lookUps }),
    );
    return (await metrics)();
  };
}

function endOf({ certificate }: ServingCertificate): Date {
  return new X509Certificate(certificate).validToDate;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
