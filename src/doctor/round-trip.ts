import type { DoctorFacts, DryRun } from './doctor-facts.ts';
import { ok } from './examination.ts';
import type { Examination, Judged } from './examination.ts';

export const roundTrip: Examination = {
  id: 'dry-run',
  examine: ({ roundTrip: tried, installation }) => {
    if (tried.kind === 'forbidden') {
      return [
        {
          verdict: 'warning',
          seen: 'no StatefulSet was sent to try the webhook',
          wanted: 'a namespace where you may (-n), or the right to',
          type: `kubectl auth can-i ${tried.right}`,
        },
      ];
    }
    const { safe, unsafe, namespace } = tried;
    const first = judgeSafe(safe, namespace, installation);
    // What keeps the first one from being asked about keeps the second one too: said once.
    return first.verdict === 'fault' && unsafe.kind === safe.kind && safe.kind !== 'stored'
      ? [first]
      : [first, judgeUnsafe(unsafe, safe, namespace)];
  },
};

function judgeSafe(safe: DryRun, namespace: string, installation: DoctorFacts['installation']): Judged {
  switch (safe.kind) {
    case 'failed':
      return { verdict: 'warning', seen: `a StatefulSet that was sent as a dry run got no answer: ${safe.reason}` };
    case 'stored':
      return safe.injected
        ? ok(`a labelled StatefulSet in namespace ${namespace} comes back injected (dry run)`)
        : {
            verdict: 'fault',
            seen: `a labelled StatefulSet in namespace ${namespace} comes back without anything of pgusher (dry run)`,
            wanted:
              'its containers: no configuration matches this namespace, or the webhook does not answer and fails open',
            type: 'kubectl get mutatingwebhookconfiguration zz-pgusher -o yaml',
          };
    case 'refused':
      return answeredByPgusher(safe.message)
        ? {
            verdict: 'warning',
            seen: `pgusher refuses a plain StatefulSet in namespace ${namespace}, as this cluster is configured: ${safe.message}`,
          }
        : isCallFailure(safe.message)
          ? {
              verdict: 'fault',
              seen: `the apiserver cannot ask the webhook: ${safe.message}`,
              wanted: adviceFor(safe.message),
              type: `kubectl -n ${installation.namespace} get pods,endpointslices; kubectl -n ${installation.namespace} logs deployment/${installation.name}`,
            }
          : {
              verdict: 'warning',
              seen: `something else refuses a plain StatefulSet in namespace ${namespace}: ${safe.message}`,
            };
  }
}

function judgeUnsafe(unsafe: DryRun, safe: DryRun, namespace: string): Judged {
  switch (unsafe.kind) {
    case 'failed':
      return {
        verdict: 'warning',
        seen: `an unsafe StatefulSet that was sent as a dry run got no answer: ${unsafe.reason}`,
      };
    case 'stored':
      return {
        // The webhook is asked: somebody has decided so.
        verdict: safe.kind === 'stored' && safe.injected ? 'warning' : 'fault',
        seen: `a StatefulSet whose data lies in an emptyDir would be stored in namespace ${namespace} (dry run)`,
        wanted:
          'it refused, by check pgdata-emptydir: the cluster configuration, or an annotation of the namespace, lets it through',
        type: `kubectl get namespace ${namespace} -o yaml`,
      };
    case 'refused':
      return answeredByPgusher(unsafe.message)
        ? ok('an unsafe StatefulSet is refused (dry run)')
        : isCallFailure(unsafe.message)
          ? {
              verdict: 'fault',
              seen: `the apiserver cannot ask the webhook about an unsafe StatefulSet: ${unsafe.message}`,
              wanted: adviceFor(unsafe.message),
            }
          : { verdict: 'warning', seen: `an unsafe StatefulSet is refused by something else: ${unsafe.message}` };
  }
}

/** The apiserver's words where a webhook said no. */
function answeredByPgusher(message: string): boolean {
  return /pgusher\.postgres\.io" denied the request/.test(message);
}

/** The apiserver's words where it got no answer, or none that it understands. */
function isCallFailure(message: string): boolean {
  return /failed calling webhook "[^"]*pgusher\.postgres\.io"/.test(message);
}

function adviceFor(message: string): string {
  if (/x509|certificate/.test(message)) return 'a certificate that the caBundle verifies: docs/install.md';
  return /deadline exceeded|i\/o timeout|Client\.Timeout/.test(message)
    ? 'an answer in time: does a NetworkPolicy or a firewall keep the control plane from port 10250 of the pods?'
    : 'a webhook that runs and can be reached from the control plane';
}
