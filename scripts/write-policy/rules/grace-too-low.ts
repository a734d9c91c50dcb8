import { graceTooLow } from '../../../src/checks/stop/grace-too-low.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  kind: 'state',
  check: { ...graceTooLow, instead: 'A terminationGracePeriodSeconds of 60 or more; 300 is what the webhook injects.' },
  mendedBy: 'stop-grace',
  narrower: 'All but a terminationGracePeriodSeconds of 0.',
  seen: ({ variable }) => {
    const grace = `${variable('pod')}.terminationGracePeriodSeconds`;
    return `has(${grace}) && ${grace} == 0 ? ['0 seconds'] : []`;
  },
};
