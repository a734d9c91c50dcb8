import type { DoctorFacts, Known, WebhookEntry } from './doctor-facts.ts';
import { ok, unseen } from './examination.ts';
import type { Examination, Judged } from './examination.ts';

/** Without these a labelled set gets through as it is. */
const needed = { mutating: 'mutate.pgusher.postgres.io', validating: 'validate.pgusher.postgres.io' } as const;

export const configurations: Examination = {
  id: 'configurations',
  examine: (facts) => [...one('mutating', facts), ...one('validating', facts)],
};

function one(kind: 'mutating' | 'validating', facts: DoctorFacts): readonly Judged[] {
  const known: Known<readonly WebhookEntry[]> = facts[kind];
  const [resource, name] = [`${kind}webhookconfiguration`, needed[kind]];
  if (known.kind === 'forbidden' || known.kind === 'failed') return [unseen(`the ${resource}`, known)];
  const entries = known.kind === 'known' ? known.value : [];
  const main = entries.find((entry) => entry.name === name);
  if (main === undefined) {
    return [
      {
        verdict: 'fault',
        seen: `no ${resource} has the webhook ${name}: the apiserver does not ask pgusher`,
        wanted: 'it applied again, as docs/install.md says',
        type: 'kubectl apply -k manifests',
      },
    ];
  }
  const found: Judged[] = [ok(`${resource} ${main.configuration} is there`)];
  if (main.failurePolicy !== 'Fail') {
    found.push({
      verdict: 'warning',
      seen: `${name} has failurePolicy ${main.failurePolicy}: a set that is created while pgusher is away has no backup and no restore`,
      wanted: 'Fail, but for the first day of a rollout',
    });
  }
  return [...found, ...elsewhere(entries, facts.installation)];
}

function elsewhere(
  entries: readonly WebhookEntry[],
  { namespace, name }: DoctorFacts['installation'],
): readonly Judged[] {
  const other = entries.find(
    ({ target }) => target.kind === 'service' && (target.namespace !== namespace || target.name !== name),
  );
  if (other?.target.kind !== 'service') return [];
  const at = `${other.target.namespace}/${other.target.name}`;
  return [
    {
      verdict: 'fault',
      seen: `${other.name} in ${other.configuration} asks Service ${at}, not ${namespace}/${name}`,
      wanted: 'the Service of this installation. If it is that one',
      type: `pgusher doctor --webhook-namespace ${other.target.namespace} --webhook-name ${other.target.name}`,
    },
  ];
}
