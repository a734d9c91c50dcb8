import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doctorText } from '../../src/commands/doctor-text.ts';
import type { DoctorFacts, DryRun, WebhookEntry } from '../../src/doctor/doctor-facts.ts';
import { examineAll, examinations } from '../../src/doctor/examine-all.ts';
import type { SetStatus } from '../../src/status/set-status.ts';

/** What each fact is judged as; how they are read is tried at a real apiserver (test/apiserver/cluster-commands.test.ts). */

const now = Date.parse('2026-11-30T12:00:00Z');
const day = 24 * 3_600_000;

function entry(name: string, change: Partial<WebhookEntry> = {}): WebhookEntry {
  return {
    configuration: 'zz-pgusher',
    name: `${name}.pgusher.postgres.io`,
    failurePolicy: 'Fail',
    target: { kind: 'service', namespace: 'pgusher-system', name: 'pgusher', port: 443 },
    bundle: { kind: 'certificates', text: 'A', ends: now + 300 * day },
    ...change,
  };
}

const stored: DryRun = { kind: 'stored', injected: true };
const denied: DryRun = {
  kind: 'refused',
  message: 'admission webhook "mutate.pgusher.postgres.io" denied the request: pgusher refuses',
};

const healthy: DoctorFacts = {
  now,
  cli: '0.1.0',
  installation: { namespace: 'pgusher-system', name: 'pgusher' },
  kubernetes: { major: 1, minor: 34, text: 'v1.34.4' },
  clockAhead: -1.2,
  mutating: { kind: 'known', value: [entry('mutate')] },
  validating: { kind: 'known', value: [entry('validate'), entry('scale', { failurePolicy: 'Ignore' })] },
  service: { kind: 'known', value: { selector: {}, ports: [443] } },
  endpoints: { kind: 'known', value: { ready: 2, notReady: 0 } },
  deployment: { kind: 'known', value: { wanted: 2, available: 2, image: 'ghcr.io/pgusher/pgusher:0.1.0' } },
  served: [{ from: 'pod pgusher-a', certificate: { kind: 'known', value: { ends: now + 60 * day } } }],
  accountRights: { kind: 'known', value: [{ right: 'list pods', allowed: true, needs: '' }] },
  ownRights: { kind: 'known', value: [] },
  namespace: 'shop',
  roundTrip: { kind: 'tried', namespace: 'shop', safe: stored, unsafe: denied },
  sets: { kind: 'known', value: [set()] },
};

function set(change: Partial<SetStatus> = {}): SetStatus {
  return {
    namespace: 'shop',
    name: 'orders',
    safe: true,
    reasons: [],
    warnings: [],
    pods: { ready: 1, wanted: 1 },
    primary: 'orders-0',
    timeline: 1,
    injection: { version: '0.1.0', stale: false },
    recoverable: null,
    backups: null,
    wal: null,
    store: null,
    archive: null,
    dumps: null,
    ...change,
  };
}

/** The lines that are not ok, as a person reads them. */
function troubles(change: Partial<DoctorFacts>): readonly string[] {
  const found = examineAll({ ...healthy, ...change }).filter(({ verdict }) => verdict !== 'ok');
  return doctorText(found, (_, text) => text)
    .trimEnd()
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replaceAll(/ {2,}/g, ' '));
}

test('a healthy installation', () => {
  expect(examineAll(healthy).map(({ verdict, seen }) => `${verdict} ${seen}`)).toEqual([
    'ok Kubernetes v1.34.4',
    "ok this machine's clock and the apiserver's agree",
    'ok mutatingwebhookconfiguration zz-pgusher is there',
    'ok validatingwebhookconfiguration zz-pgusher is there',
    'ok all 3 webhooks have the same authority, which is valid',
    'ok Service pgusher-system/pgusher is there',
    'ok 2 pods answer behind Service pgusher-system/pgusher',
    'ok the certificate of pod pgusher-a is good for 60 days',
    'ok a labelled StatefulSet in namespace shop comes back injected (dry run)',
    'ok an unsafe StatefulSet is refused (dry run)',
    'ok account pgusher-system/pgusher may read what the checks look up',
    'ok you may do in namespace shop what the commands of pgusher need',
    'ok webhook and command line are both 0.1.0',
    'ok all 1 managed sets are safe',
  ]);
});

test('each examination stands in the list', () => {
  const folder = join(import.meta.dirname, '../../src/doctor');
  const defined = readdirSync(folder)
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/: Examination = \{\n {2}id: '([\w-]+)'/g),
    ])
    .map(([, id]) => id);
  expect(examinations.map(({ id }) => id).toSorted()).toEqual(defined.toSorted());
});

describe('what is seen, what is wanted, what to type', () => {
  const mutating = (change: Partial<WebhookEntry>): Partial<DoctorFacts> => ({
    mutating: { kind: 'known', value: [entry('mutate', change)] },
  });
  const served = (ends: number, distrust: string | null = null): Partial<DoctorFacts> => ({
    served: [{ from: 'pod p', certificate: { kind: 'known', value: { ends, distrust } } }],
  });
  const tried = (safe: DryRun, unsafe: DryRun): Partial<DoctorFacts> => ({
    roundTrip: { kind: 'tried', namespace: 'shop', safe, unsafe },
  });
  const callFailed = (why: string): DryRun => ({
    kind: 'refused',
    message: `Internal error occurred: failed calling webhook "mutate.pgusher.postgres.io": failed to call webhook: Post "https://pgusher.pgusher-system.svc:443/mutate?timeout=5s": ${why}`,
  });
  const deployment = (image: string): Partial<DoctorFacts> => ({
    deployment: { kind: 'known', value: { wanted: 2, available: 2, image } },
  });
  const ask = 'fault dry-run the apiserver cannot ask the webhook: ';
  const look = 'kubectl -n pgusher-system get pods,endpointslices; kubectl -n pgusher-system logs deployment/pgusher';
  const another =
    'wanted the authority that signed the certificate of the webhook. Who writes it, and what is there: pgusher certificates';

  test.each<[string, Partial<DoctorFacts>, readonly string[]]>([
    [
      'an old Kubernetes',
      { kubernetes: { major: 1, minor: 29, text: 'v1.29.3' } },
      [
        'fault kubernetes-version Kubernetes v1.29.3; wanted 1.30 or newer: older ones know no native sidecars or no ValidatingAdmissionPolicy',
      ],
    ],
    [
      'a clock that is wrong',
      { clockAhead: 73.4 },
      [
        "warning clock this machine's clock is 73 s ahead of the apiserver's; wanted both set by NTP: ages, days left and targets of a restore are told by a clock: timedatectl",
      ],
    ],
    ['no time', { clockAhead: null }, ['warning clock the apiserver tells no time (no Date header)']],
    [
      'a configuration that fails open',
      mutating({ failurePolicy: 'Ignore' }),
      [
        'warning configurations mutate.pgusher.postgres.io has failurePolicy Ignore: a set that is created while pgusher is away has no backup and no restore; wanted Fail, but for the first day of a rollout',
      ],
    ],
    [
      'another installation',
      mutating({ target: { kind: 'service', namespace: 'ops', name: 'usher', port: 443 } }),
      [
        'fault configurations mutate.pgusher.postgres.io in zz-pgusher asks Service ops/usher, not pgusher-system/pgusher; wanted the Service of this installation. If it is that one: pgusher doctor --webhook-namespace ops --webhook-name usher',
      ],
    ],
    [
      'an authority that ended',
      mutating({ bundle: { kind: 'certificates', text: 'A', ends: now - 3 * day } }),
      [
        `fault bundles the authority in the caBundle of mutate.pgusher.postgres.io in zz-pgusher ended 3 days ago; ${another}`,
      ],
    ],
    [
      'a bundle that is none',
      mutating({ bundle: { kind: 'unreadable', reason: 'no certificate in PEM is in it' } }),
      [
        `fault bundles the caBundle of mutate.pgusher.postgres.io in zz-pgusher is no certificate (no certificate in PEM is in it); ${another}`,
      ],
    ],
    [
      'no Service',
      { service: { kind: 'absent' } },
      [
        'fault service there is no Service pgusher-system/pgusher; wanted the one of the manifests: the apiserver finds the webhook by it: kubectl apply -k manifests',
      ],
    ],
    [
      'a Service without the port',
      { service: { kind: 'known', value: { selector: {}, ports: [8443] } } },
      [
        'fault service Service pgusher-system/pgusher has no port 443, which mutate.pgusher.postgres.io asks; wanted that port; it has 8443: kubectl -n pgusher-system get service pgusher -o yaml',
      ],
    ],
    [
      'one pod',
      { endpoints: { kind: 'known', value: { ready: 1, notReady: 1 } } },
      [
        'warning endpoints one pod answers behind Service pgusher-system/pgusher; wanted two, so that a node can go while managed sets are applied: kubectl -n pgusher-system get deployment pgusher',
      ],
    ],
    [
      'a certificate that ended',
      served(now - 5 * 3_600_000),
      ['fault certificate the certificate of pod p ended 5 hours ago; wanted a new one: pgusher certificates'],
    ],
    [
      'a certificate near its end',
      served(now + 90 * 60_000),
      [
        'warning certificate the certificate of pod p is good for 90 minutes; wanted it renewed before: what renews it has not: pgusher certificates',
      ],
    ],
    [
      'a webhook that does not answer in time',
      tried(callFailed('context deadline exceeded'), callFailed('context deadline exceeded')),
      [
        `${ask}${messageOf(callFailed('context deadline exceeded'))}; wanted an answer in time: does a NetworkPolicy or a firewall keep the control plane from port 10250 of the pods?: ${look}`,
      ],
    ],
    [
      'a webhook that answers one of two',
      tried(stored, callFailed('EOF')),
      [
        `fault dry-run the apiserver cannot ask the webhook about an unsafe StatefulSet: ${messageOf(callFailed('EOF'))}; wanted a webhook that runs and can be reached from the control plane`,
      ],
    ],
    [
      'a cluster that lets unsafe ones through on purpose',
      tried(stored, { kind: 'stored', injected: true }),
      [
        'warning dry-run a StatefulSet whose data lies in an emptyDir would be stored in namespace shop (dry run); wanted it refused, by check pgdata-emptydir: the cluster configuration, or an annotation of the namespace, lets it through: kubectl get namespace shop -o yaml',
      ],
    ],
    [
      'a quota that is in the way',
      tried({ kind: 'refused', message: 'exceeded quota: few' }, denied),
      ['warning dry-run something else refuses a plain StatefulSet in namespace shop: exceeded quota: few'],
    ],
    [
      'no answer at all',
      tried({ kind: 'failed', reason: 'timed out' }, { kind: 'failed', reason: 'timed out' }),
      [
        'warning dry-run a StatefulSet that was sent as a dry run got no answer: timed out',
        'warning dry-run an unsafe StatefulSet that was sent as a dry run got no answer: timed out',
      ],
    ],
    [
      'another version',
      deployment('registry.example:5000/pgusher:0.2.0@sha256:00ff'),
      [
        'warning versions the webhook is 0.2.0, this command line 0.1.0; wanted both the same: check, explain and diff say what their own version would do',
      ],
    ],
    [
      'an image by digest alone',
      deployment('registry.example:5000/pgusher@sha256:00ff'),
      [
        'warning versions the image of the webhook has no version in its name (registry.example:5000/pgusher@sha256:00ff)',
      ],
    ],
    [
      'agents of another version',
      { sets: { kind: 'known', value: [set(), set({ name: 'old', injection: { version: '0.0.9', stale: true } })] } },
      [
        'warning versions 1 of 2 sets have another version of pgusher in their pods (shop/old: 0.0.9); wanted a new one when it suits: it restarts the database: kubectl -n shop annotate --overwrite statefulset old postgres.io/injection-version=latest',
      ],
    ],
    [
      'a set that is not safe, and a store that fills',
      {
        sets: {
          kind: 'known',
          value: [set({ safe: false, reasons: ['never backed up'], warnings: ['the store has 5 % left'] })],
        },
      },
      [
        'fault sets shop/orders is not safe: never backed up; wanted a database that comes back when its volume is lost: pgusher logs orders -n shop',
        'warning sets shop/orders: the store has 5 % left',
      ],
    ],
    [
      'what cannot be read',
      { endpoints: { kind: 'failed', reason: 'HTTP 503' } },
      ['warning endpoints the endpoints of Service pgusher-system/pgusher cannot be seen: HTTP 503'],
    ],
  ])('%s', (_, change, lines) => {
    expect(troubles(change)).toEqual(lines);
  });
});

function messageOf(run: DryRun): string {
  return run.kind === 'refused' ? run.message : '';
}
