import { entriesOf, urlOf } from './entries.ts';
import { ok, unseen } from './examination.ts';
import type { Examination } from './examination.ts';

/** The apiserver finds the webhook by the Service, without the cluster's DNS. */
export const service: Examination = {
  id: 'service',
  examine: (facts) => {
    const url = urlOf(facts);
    if (url !== undefined) return [ok(`the webhook is asked at ${url}, without a Service`)];
    const { namespace, name } = facts.installation;
    const found = facts.service;
    switch (found.kind) {
      case 'forbidden':
      case 'failed':
        return [unseen(`Service ${namespace}/${name}`, found)];
      case 'absent':
        return [
          {
            verdict: 'fault',
            seen: `there is no Service ${namespace}/${name}`,
            wanted: 'the one of the manifests: the apiserver finds the webhook by it',
            type: 'kubectl apply -k manifests',
          },
        ];
      case 'known': {
        const missing = entriesOf(facts).find(
          ({ target }) => target.kind === 'service' && !found.value.ports.includes(target.port),
        );
        return missing?.target.kind === 'service'
          ? [
              {
                verdict: 'fault',
                seen: `Service ${namespace}/${name} has no port ${String(missing.target.port)}, which ${missing.name} asks`,
                wanted: `that port; it has ${found.value.ports.join(', ') || 'none'}`,
                type: `kubectl -n ${namespace} get service ${name} -o yaml`,
              },
            ]
          : [ok(`Service ${namespace}/${name} is there`)];
      }
    }
  },
};
