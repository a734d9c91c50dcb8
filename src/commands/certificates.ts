import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { lifeOf, parseAuthorities } from '../certificates/built-in/authorities.ts';
import { certificatesIn } from '../certificates/certificates-in.ts';
import type { Authorities } from '../certificates/built-in/authorities.ts';
import { renewalOf } from '../certificates/built-in/next-step.ts';
import { giveOrder, readAuthoritySecret, readCertificateMode } from '../cluster/authority-orders.ts';
import { readInstalledWebhook } from '../cluster/installed-webhook.ts';
import { servedCertificates } from '../cluster/served-certificates.ts';
import type { Known } from '../doctor/doctor-facts.ts';
import { entriesOf } from '../doctor/entries.ts';
import { certificatesText } from './certificates-text.ts';
import type { CertificatesReport } from './certificates-text.ts';
import { notTold, readKubeconfig } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface CertificatesOptions extends ClusterOptions {
  /** Of the webhook's Service and Deployment. */
  readonly webhookNamespace: string;
  readonly webhookName: string;
  readonly json: boolean;
  /** Milliseconds between two looks while it waits. */
  readonly every?: number;
}

/** Milliseconds: twice the settling time of an authority by default. */
const patience = { rotate: 600_000, renew: 120_000 } as const;

/** `pgusher certificates`: what the webhook's certificates are, and two orders about those that it makes itself. */
export async function certificates(
  what: 'show' | 'renew' | 'rotate',
  options: CertificatesOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const config = readKubeconfig(options);
  const before = await readReport(config, options);
  if (what === 'show') {
    terminal.out(
      options.json ? `${JSON.stringify(before, undefined, 2)}\n` : certificatesText(before, terminal.outColour),
    );
    return before.troubles.length === 0 ? exitCode.fine : exitCode.findings;
  }
  if (before.mode !== 'built-in') {
    throw new UsageError(
      `the webhook does not make its certificate itself, it is of mode "${before.mode}"; wanted: ${before.mode === 'files' ? 'the files written anew' : 'cmctl renew, or whatever renews it in cert-manager'}`,
    );
  }
  const namespace = options.webhookNamespace;
  const order = new Date().toISOString();
  valueOf(config, await giveOrder(config, namespace, what, order), 'Secret pgusher-webhook-authority');
  terminal.out(`ordered: ${what === 'renew' ? 'new certificates' : 'a new authority'}\n`);
  const end = Date.now() + patience[what];
  let said = '';
  while (Date.now() < end) {
    const state =
      what === 'renew'
        ? renewed(before, await readReport(config, options))
        : rotated(await readAuthorities(config, namespace), order);
    if (state.text !== said) terminal.out(`${state.text}\n`);
    said = state.text;
    if (state.done) return exitCode.fine;
    await sleep(options.every ?? 1000);
  }
  terminal.report('this takes longer than it should; wanted: pgusher doctor. What was ordered stays ordered\n');
  return exitCode.findings;
}

interface Progress {
  readonly text: string;
  readonly done: boolean;
}

function renewed(before: CertificatesReport, now: CertificatesReport): Progress {
  const old = new Map(before.served.map(({ from, ends }) => [from, ends]));
  const fresh = now.served.filter(({ from, ends }) => ends !== old.get(from)).length;
  const all = now.served.length;
  return { text: `${String(fresh)} of ${String(all)} replicas serve a new one`, done: fresh === all && all > 0 };
}

function rotated(stored: Authorities | undefined, order: string): Progress {
  if (stored === undefined || stored.order !== order) return { text: 'not begun yet', done: false };
  if (stored.next === undefined) return { text: 'the new authority signs; done', done: true };
  return stored.next.announced === undefined
    ? { text: 'the new authority is made, and on its way into the caBundles', done: false }
    : { text: 'it is in every caBundle; every apiserver gets the time to hear of it before it signs', done: false };
}

async function readReport(config: KubeConfig, options: CertificatesOptions): Promise<CertificatesReport> {
  const installation = { namespace: options.webhookNamespace, name: options.webhookName };
  const [mode, installed] = await Promise.all([
    readCertificateMode(config, installation),
    readInstalledWebhook(config, installation),
  ]);
  const made = valueOf(config, mode, `Deployment ${installation.namespace}/${installation.name}`);
  valueOf(config, installed.mutating, 'a MutatingWebhookConfiguration of pgusher');
  valueOf(config, installed.validating, 'a ValidatingWebhookConfiguration of pgusher');
  const stored = made === 'built-in' ? await readAuthorities(config, installation.namespace) : undefined;
  const entries = entriesOf(installed);
  const pods = valueOf(config, installed.endpoints, `Service ${installation.namespace}/${installation.name}`).pods;
  const served = (await servedCertificates(config, installation.namespace, entries, pods)).map(
    ({ from, certificate }) => {
      const { ends, distrust } = valueOf(config, certificate, `the certificate of ${from}`);
      return { from, ends: new Date(ends).toISOString(), ...(typeof distrust === 'string' ? { distrust } : {}) };
    },
  );
  const bundles = entries.map(({ configuration, name, bundle }) => ({
    configuration,
    webhook: name,
    certificates: bundle.kind === 'certificates' ? certificatesIn(bundle.text).map(nameOf) : [],
  }));
  return {
    mode: made,
    authorities: stored === undefined ? [] : authoritiesOf(stored),
    bundles,
    served,
    renewal: stored === undefined ? null : isoTime(renewalOf(lifeOf(stored.current.certificate))),
    troubles: troublesOf(made, stored, bundles, served),
  };
}

function authoritiesOf({ current, next, previous }: Authorities): CertificatesReport['authorities'] {
  const one = (state: CertificatesReport['authorities'][number]['state'], certificate: string, until: number) => ({
    state,
    certificate: nameOf(certificate),
    ends: isoTime(lifeOf(certificate).ends),
    until: isoTime(until),
  });
  return [
    one('signs', current.certificate, lifeOf(current.certificate).ends),
    ...(next === undefined ? [] : [one('comes next', next.certificate, lifeOf(next.certificate).ends)]),
    ...previous.map(({ certificate, until }) => one('goes', certificate, until)),
  ];
}

function troublesOf(
  mode: CertificatesReport['mode'],
  stored: Authorities | undefined,
  bundles: CertificatesReport['bundles'],
  served: CertificatesReport['served'],
): readonly string[] {
  const texts = new Set(bundles.map((bundle) => bundle.certificates.join()));
  const signs = stored === undefined ? undefined : nameOf(stored.current.certificate);
  const now = new Date().toISOString();
  return [
    ...(mode === 'built-in' && stored === undefined ? ['no authority was made yet'] : []),
    ...bundles
      .filter((bundle) => bundle.certificates.length === 0)
      .map(({ configuration, webhook }) => `${webhook} in ${configuration} has no caBundle`),
    ...(texts.size > 1 ? ['the caBundles differ'] : []),
    ...(signs !== undefined && bundles.some((bundle) => !bundle.certificates.includes(signs))
      ? ['the authority that signs is not in every caBundle']
      : []),
    ...(served.length === 0 ? ['no replica is ready'] : []),
    ...served.flatMap(({ from, ends, distrust }) => [
      ...(ends <= now ? [`the certificate of ${from} has ended`] : []),
      ...(distrust === undefined ? [] : [`the caBundle does not verify the certificate of ${from} (${distrust})`]),
    ]),
  ];
}

async function readAuthorities(config: KubeConfig, namespace: string): Promise<Authorities | undefined> {
  const { text } = valueOf(config, await readAuthoritySecret(config, namespace), 'Secret pgusher-webhook-authority');
  return text === undefined ? undefined : parseAuthorities(text);
}

/** @throws UsageError where it is not there or may not be seen. */
function valueOf<T>(config: KubeConfig, known: Known<T>, what: string): T {
  switch (known.kind) {
    case 'known':
      return known.value;
    case 'absent':
      throw new UsageError(
        `${what} is not there; wanted: kubectl apply -k manifests, or --webhook-namespace and --webhook-name`,
      );
    case 'forbidden':
      throw notTold(config, known);
    case 'failed':
      throw new UsageError(`${what} cannot be read: ${known.reason}`);
  }
}

/** Subject, and the first half of a SHA-256 fingerprint as openssl prints it. */
function nameOf(certificate: string): string {
  const { subject, fingerprint256 } = new X509Certificate(certificate);
  return `${subject.replaceAll('\n', ', ')} ${fingerprint256.slice(0, 23)}`;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
