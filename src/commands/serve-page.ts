import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { certificatesIn } from '../certificates/certificates-in.ts';
import type { CertificateSource } from '../certificates/source.ts';
import type { CertificateAge, Overview, SetsKnown } from '../page/overview.ts';
import { CannotServe } from '../server/cannot-serve.ts';
import type { DecisionLog } from '../server/decision-log.ts';
import { limits } from '../server/limits.ts';
import { listen, parseListenAddress } from '../server/listen.ts';
import type { Log } from '../server/log.ts';
import { createPageApp } from '../server/page-app.ts';
import { readManagedSet } from '../status/managed-set.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';
import { setsSnapshot } from './sets-snapshot.ts';
import { statusOfSets } from './status-of-sets.ts';

export interface PageOptions {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  readonly kubeconfig: string | undefined;
  /** False: there is none to read sets from. */
  readonly inCluster: boolean;
  readonly decisions: DecisionLog;
  readonly certificate: CertificateSource;
  /** PEM of what the apiserver was given; undefined where that is not known. */
  readonly authority: () => string | undefined;
  readonly remarks: () => readonly string[];
  readonly log: Log;
}

export interface ServedPage {
  readonly port: number;
  stop(): void;
}

/** The page, on a port of its own: a probe, a review and a person never wait for each other's connections. @throws CannotServe */
export async function servePage(options: PageOptions): Promise<ServedPage> {
  const address = parseListenAddress(options.listen);
  if (address === undefined) {
    throw new CannotServe(`--page is "${options.listen}"; wanted HOST:PORT, such as 127.0.0.1:8433`);
  }
  const sets = options.inCluster ? setsSnapshot(await setsReader(options.kubeconfig)) : undefined;
  const overview = (): Overview => ({
    at: new Date(),
    version,
    replica: hostname(),
    sets: sets?.look() ?? ({ kind: 'no-cluster' } satisfies SetsKnown),
    decisions: options.decisions.lastHour(new Date()),
    certificates: [
      ...agesOf('serves here', options.certificate.current().certificate).slice(0, 1),
      ...agesOf('known to the apiserver', options.authority() ?? ''),
    ],
    remarks: options.remarks(),
  });
  const server = createServer(
    { headersTimeout: limits.headers, requestTimeout: limits.request, keepAliveTimeout: 5_000 },
    createPageApp(overview, options.log),
  );
  server.maxConnections = 100;
  try {
    const port = await listen(server, address);
    options.log.info({ port }, 'page');
    return {
      port,
      stop: () => {
        sets?.stop();
        server.close();
        server.closeAllConnections();
      },
    };
  } catch (error) {
    throw new CannotServe(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** client-node is loaded only where there is a cluster. */
async function setsReader(kubeconfig: string | undefined): Promise<() => Promise<readonly SetStatus[]>> {
  const [{ clusterConfig }, { listManagedSets }, { askPodsDirectly }] = await Promise.all([
    import('../cluster/cluster-config.ts'),
    import('../cluster/list-managed-sets.ts'),
    import('../cluster/ask-pods-directly.ts'),
  ]);
  return async () => {
    const config = clusterConfig(kubeconfig);
    const listed = await listManagedSets(config, undefined);
    switch (listed.kind) {
      case 'forbidden':
        throw new Error(`wanted the right that \`kubectl auth can-i ${listed.right}\` asks about`);
      case 'unreachable':
        throw new Error(listed.reason);
      case 'sets':
        return statusOfSets(
          (pages) => askPodsDirectly(config, pages),
          listed.objects.flatMap((object) => readManagedSet(object) ?? []),
        );
    }
  };
}

function agesOf(what: string, pem: string): readonly CertificateAge[] {
  return certificatesIn(pem).map((certificate) => {
    const { subject, validFromDate, validToDate } = new X509Certificate(certificate);
    return { what, subject: subject.replaceAll('\n', ', '), from: validFromDate, to: validToDate };
  });
}
