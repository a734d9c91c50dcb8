import { graceTooLow } from '../../../src/checks/stop/grace-too-low.ts';
import { imagesNotTold } from '../narrower.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: { ...graceTooLow, instead: 'A terminationGracePeriodSeconds of 60 or more; 300 is what the webhook injects.' },
  mendedBy: 'stop-grace',
  narrower: `All but a terminationGracePeriodSeconds of 0. ${imagesNotTold}`,
  seen: ({ variable }) => {
    const grace = `${variable('pod')}.terminationGracePeriodSeconds`;
    return `${variable('server')}.size() == 1 && has(${grace}) && ${grace} == 0 ? ['0 seconds'] : []`;
  },
};
