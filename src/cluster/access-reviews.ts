import type { KubeConfig } from '@kubernetes/client-node';
import type { Known, Right } from '../doctor/doctor-facts.ts';
import { factKinds, factSources } from '../workload/read-facts.ts';
import { objectAt } from '../workload/json.ts';
import { readKnown } from './read-known.ts';

interface Asked {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly needs: string;
}

/** What the commands that ask a cluster do there. */
const own: readonly Asked[] = [
  { verb: 'list', group: 'apps', resource: 'statefulsets', needs: 'pgusher status' },
  { verb: 'get', group: '', resource: 'pods', subresource: 'proxy', needs: 'pgusher status' },
  { verb: 'list', group: '', resource: 'pods', needs: 'pgusher list, backup now, logs, promote and rebuild' },
  {
    verb: 'get',
    group: '',
    resource: 'pods',
    subresource: 'exec',
    needs: 'pgusher list, backup now, promote and rebuild',
  },
  // Kubernetes 1.35 and newer (kubernetes/kubernetes#134577).
  {
    verb: 'create',
    group: '',
    resource: 'pods',
    subresource: 'exec',
    needs: 'pgusher list, backup now, promote and rebuild',
  },
  { verb: 'get', group: '', resource: 'pods', subresource: 'log', needs: 'pgusher logs' },
];

/** Of the person who asks. */
export async function ownRights(config: KubeConfig, namespace: string): Promise<Known<readonly Right[]>> {
  return reviews(config, own, 'selfsubjectaccessreviews', { namespace }, {});
}

/** What the webhook watches, cluster-wide: names of Secrets only where somebody gave it that right. */
export async function accountRights(
  config: KubeConfig,
  { namespace, account }: { readonly namespace: string; readonly account: string },
): Promise<Known<readonly Right[]>> {
  const watched: readonly Pick<Asked, 'group' | 'resource'>[] = [
    { group: '', resource: 'namespaces' },
    ...factKinds.filter((kind) => kind !== 'secrets').map((kind) => factSources[kind]),
  ];
  const asked = watched.flatMap(({ group, resource }) =>
    ['list', 'watch'].map((verb) => ({
      verb,
      group,
      resource,
      needs: 'what needs them is left out of the checks, with a warning',
    })),
  );
  const who = {
    user: `system:serviceaccount:${namespace}:${account}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
  return reviews(config, asked, 'subjectaccessreviews', {}, who);
}

/** Whether the person may create StatefulSets there, as a dry run needs it. */
export async function mayCreateSets(config: KubeConfig, namespace: string): Promise<boolean> {
  const create = { verb: 'create', group: 'apps', resource: 'statefulsets', needs: '' };
  const answer = await reviews(config, [create], 'selfsubjectaccessreviews', { namespace }, {});
  return answer.kind === 'known' && answer.value.every(({ allowed }) => allowed);
}

async function reviews(
  config: KubeConfig,
  asked: readonly Asked[],
  resource: 'selfsubjectaccessreviews' | 'subjectaccessreviews',
  place: { readonly namespace?: string },
  who: object,
): Promise<Known<readonly Right[]>> {
  const kind = resource === 'subjectaccessreviews' ? 'SubjectAccessReview' : 'SelfSubjectAccessReview';
  const answers = await Promise.all(
    asked.map(async ({ verb, group, resource: of, subresource, needs }) => {
      const resourceAttributes = {
        ...place,
        verb,
        group,
        resource: of,
        ...(subresource === undefined ? {} : { subresource }),
      };
      const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { ...who, resourceAttributes } };
      const right = `${verb} ${of}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : ` --subresource=${subresource}`}`;
      return readKnown(
        config,
        { path: `/apis/authorization.k8s.io/v1/${resource}`, body },
        `create ${resource}.authorization.k8s.io`,
        (answer): Right => ({ right, allowed: objectAt(answer, 'status')['allowed'] === true, needs }),
      );
    }),
  );
  const failed = answers.find((answer) => answer.kind !== 'known');
  return (
    failed ?? { kind: 'known', value: answers.flatMap((answer) => (answer.kind === 'known' ? [answer.value] : [])) }
  );
}
