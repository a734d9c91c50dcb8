import type { Known, Right } from './doctor-facts.ts';
import { ok, unseen } from './examination.ts';
import type { Examination, Judged } from './examination.ts';

export const accountRights: Examination = {
  id: 'webhook-rights',
  examine: ({ accountRights: known, installation: { namespace, name } }) =>
    judge(known, `the rights of account ${namespace}/${name}`, {
      all: `account ${namespace}/${name} may read what the checks look up`,
      lacking: (rights, needs) => ({
        verdict: 'warning',
        seen: `account ${namespace}/${name} may not ${rights}: ${needs}`,
        wanted: 'the ClusterRole of the manifests, and its binding',
        type: 'kubectl apply -k manifests',
      }),
    }),
};

export const ownRights: Examination = {
  id: 'your-rights',
  examine: ({ ownRights: known, namespace }) =>
    judge(known, 'your rights', {
      all: `you may do in namespace ${namespace} what the commands of pgusher need`,
      lacking: (rights, needs) => ({
        verdict: 'warning',
        seen: `you may not ${rights} in namespace ${namespace}: ${needs} will not work`,
        wanted: 'that right, if you need them',
        type: `kubectl auth can-i ${rights} -n ${namespace}`,
      }),
    }),
};

function judge(
  known: Known<readonly Right[]>,
  what: string,
  words: { readonly all: string; readonly lacking: (right: string, needs: string) => Judged },
): readonly Judged[] {
  if (known.kind === 'absent') return [];
  if (known.kind !== 'known') return [unseen(what, known)];
  const lacking = known.value.filter(({ allowed }) => !allowed);
  return lacking.length === 0 ? [ok(words.all)] : lacking.map(({ right, needs }) => words.lacking(right, needs));
}
