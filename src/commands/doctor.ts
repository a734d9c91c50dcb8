import type { KubeConfig } from '@kubernetes/client-node';
import { accountRights, ownRights } from '../cluster/access-reviews.ts';
import { describeFailure } from '../cluster/api-failure.ts';
import { askPods } from '../cluster/ask-pods.ts';
import { ask } from '../cluster/ask.ts';
import { readInstalledWebhook } from '../cluster/installed-webhook.ts';
import { listManagedSets } from '../cluster/list-managed-sets.ts';
import { servedCertificates } from '../cluster/served-certificates.ts';
import { tryAdmission } from '../cluster/try-admission.ts';
import type { DoctorFacts, Known } from '../doctor/doctor-facts.ts';
import { entriesOf, urlOf } from '../doctor/entries.ts';
import { examineAll } from '../doctor/examine-all.ts';
import { readManagedSet } from '../status/managed-set.ts';
import type { SetStatus } from '../status/set-status.ts';
import { version } from '../version.ts';
import { isObject, textAt } from '../workload/json.ts';
import { namespaceOf, notTold, readKubeconfig } from './cluster-options.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { doctorText } from './doctor-text.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { statusOfSets } from './status-of-sets.ts';
import type { Terminal } from './terminal.ts';

export interface DoctorOptions extends ClusterOptions {
  /** Of the webhook's Service and Deployment. */
  readonly webhookNamespace: string;
  readonly webhookName: string;
  readonly json: boolean;
}

/** `pgusher doctor`: what is wrong with the installation and the sets, and what to type. Changes nothing. */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  const config = readKubeconfig(options);
  const findings = examineAll(await readFacts(config, options));
  const healthy = findings.every(({ verdict }) => verdict !== 'fault');
  terminal.out(
    options.json
      ? `${JSON.stringify({ at: new Date().toISOString(), version, healthy, findings }, undefined, 2)}\n`
      : doctorText(findings, terminal.outColour),
  );
  return healthy ? exitCode.fine : exitCode.findings;
}

async function readFacts(config: KubeConfig, options: DoctorOptions): Promise<DoctorFacts> {
  const installation = { namespace: options.webhookNamespace, name: options.webhookName };
  const namespace = namespaceOf(config, options);
  const apiserver = await readApiserver(config);
  const [installed, own, known] = await Promise.all([
    readInstalledWebhook(config, installation),
    ownRights(config, namespace),
    readSets(config, options, namespace),
  ]);
  const { endpoints, deployment } = installed;
  const withoutService = urlOf(installed) !== undefined;
  const account = deployment.kind === 'known' ? deployment.value.account : installation.name;
  // Our own namespace and the system's are none of the webhook's business.
  const places = [
    namespace,
    'default',
    ...(known.kind === 'known' ? known.value.map((set) => set.namespace) : []),
  ].filter((place) => place !== installation.namespace && place !== 'kube-system');
  const pods = endpoints.kind === 'known' ? endpoints.value.pods : [];
  const [served, rights, roundTrip] = await Promise.all([
    servedCertificates(config, installation.namespace, entriesOf(installed), withoutService ? [] : pods),
    withoutService && deployment.kind !== 'known'
      ? ({ kind: 'absent' } as const)
      : accountRights(config, { namespace: installation.namespace, account }),
    tryAdmission(config, [...new Set(places)]),
  ]);
  return {
    ...apiserver,
    ...installed,
    cli: version,
    installation,
    namespace,
    served,
    accountRights: rights,
    ownRights: own,
    roundTrip,
    sets: known,
  };
}

/** @throws UsageError where it does not answer: nothing else can be said then. */
async function readApiserver(config: KubeConfig): Promise<Pick<DoctorFacts, 'now' | 'kubernetes' | 'clockAhead'>> {
  const before = Date.now();
  const { code, text, date } = await ask(config, { path: '/version' }).catch((error: unknown) => {
    throw notTold(config, { kind: 'unreachable', reason: describeFailure(error) });
  });
  const now = Date.now();
  if (code !== 200) throw notTold(config, { kind: 'unreachable', reason: `HTTP ${String(code)} for /version` });
  const parsed: unknown = JSON.parse(text);
  const told = isObject(parsed) ? parsed : {};
  const number = (key: string): number => Number(/^\d+/.exec(textAt(told, key) ?? '')?.[0] ?? '0');
  // Whole seconds, cut off; said somewhere between question and answer.
  const apiserver = Date.parse(date) + 500;
  return {
    now,
    kubernetes: { major: number('major'), minor: number('minor'), text: textAt(told, 'gitVersion') ?? 'of no version' },
    clockAhead: Number.isNaN(apiserver) ? null : ((before + now) / 2 - apiserver) / 1000,
  };
}

/** Of all namespaces, or of the one that is named or may be seen. */
async function readSets(
  config: KubeConfig,
  options: DoctorOptions,
  namespace: string,
): Promise<Known<readonly SetStatus[]>> {
  const everywhere = options.namespace === undefined ? await listManagedSets(config, undefined) : undefined;
  const listed =
    everywhere === undefined || everywhere.kind === 'forbidden' ? await listManagedSets(config, namespace) : everywhere;
  switch (listed.kind) {
    case 'forbidden':
      return listed;
    case 'unreachable':
      return { kind: 'failed', reason: listed.reason };
    case 'sets': {
      const sets = listed.objects.flatMap((object) => readManagedSet(object) ?? []);
      return { kind: 'known', value: await statusOfSets((pages) => askPods(config, pages), sets) };
    }
  }
}
