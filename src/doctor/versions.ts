import { ok, unseen } from './examination.ts';
import type { Examination, Judged } from './examination.ts';
import type { DoctorFacts } from './doctor-facts.ts';

export const versions: Examination = {
  id: 'versions',
  examine: (facts) => [...webhook(facts), ...agents(facts)],
};

function webhook({ deployment, installation: { namespace, name }, cli }: DoctorFacts): readonly Judged[] {
  if (deployment.kind === 'absent') return [];
  if (deployment.kind !== 'known') return [unseen(`Deployment ${namespace}/${name}`, deployment)];
  const { image } = deployment.value;
  // Behind the last colon, unless that one is a registry's port; a digest tells no version.
  const tag = /:([^/:@]+)(?:@[^@]+)?$/.exec(image.replace(/@sha256:[0-9a-f]+$/, ''))?.[1];
  if (tag === undefined)
    return [{ verdict: 'warning', seen: `the image of the webhook has no version in its name (${image})` }];
  return [
    tag === cli
      ? ok(`webhook and command line are both ${cli}`)
      : {
          verdict: 'warning',
          seen: `the webhook is ${tag}, this command line ${cli}`,
          wanted: 'both the same: check, explain and diff say what their own version would do',
        },
  ];
}

function agents({ sets, cli }: DoctorFacts): readonly Judged[] {
  if (sets.kind !== 'known') return [];
  const stale = sets.value.filter(({ injection }) => injection.version !== null && injection.version !== cli);
  const [first] = stale;
  if (first === undefined) return [];
  return [
    {
      verdict: 'warning',
      seen: `${String(stale.length)} of ${String(sets.value.length)} sets have another version of pgusher in their pods (${first.namespace}/${first.name}: ${first.injection.version ?? ''})`,
      wanted: 'a new one when it suits: it restarts the database',
      type: `kubectl -n ${first.namespace} annotate --overwrite statefulset ${first.name} postgres.io/injection-version=latest`,
    },
  ];
}
