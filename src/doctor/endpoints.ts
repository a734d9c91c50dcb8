import { urlOf } from './entries.ts';
import { ok, unseen } from './examination.ts';
import type { Examination } from './examination.ts';

export const endpoints: Examination = {
  id: 'endpoints',
  examine: (facts) => {
    if (urlOf(facts) !== undefined) return [];
    const { namespace, name } = facts.installation;
    const found = facts.endpoints;
    switch (found.kind) {
      case 'forbidden':
      case 'failed':
        return [unseen(`the endpoints of Service ${namespace}/${name}`, found)];
      case 'absent':
      case 'known': {
        const { ready, notReady } = found.kind === 'known' ? found.value : { ready: 0, notReady: 0 };
        if (ready > 1) return [ok(`${String(ready)} pods answer behind Service ${namespace}/${name}`)];
        return [
          ready === 1
            ? {
                verdict: 'warning',
                seen: `one pod answers behind Service ${namespace}/${name}`,
                wanted: 'two, so that a node can go while managed sets are applied',
                type: `kubectl -n ${namespace} get deployment ${name}`,
              }
            : {
                verdict: 'fault',
                seen: `no pod behind Service ${namespace}/${name} is Ready (${String(notReady)} are not): labelled sets can be neither created nor changed`,
                wanted: 'one at least. Why they are not',
                type: `kubectl -n ${namespace} describe deployment ${name}; kubectl -n ${namespace} logs deployment/${name}`,
              },
        ];
      }
    }
  },
};
