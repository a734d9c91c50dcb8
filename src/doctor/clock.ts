import { ok } from './examination.ts';
import type { Examination } from './examination.ts';

/** Seconds: less is the way of the answer, and of a header without fractions. */
const tolerated = 5;

export const clock: Examination = {
  id: 'clock',
  examine: ({ clockAhead }) => {
    if (clockAhead === null) return [{ verdict: 'warning', seen: 'the apiserver tells no time (no Date header)' }];
    if (Math.abs(clockAhead) <= tolerated) return [ok("this machine's clock and the apiserver's agree")];
    const by = `${Math.abs(clockAhead).toFixed(0)} s ${clockAhead > 0 ? 'ahead of' : 'behind'}`;
    return [
      {
        verdict: 'warning',
        seen: `this machine's clock is ${by} the apiserver's`,
        wanted: 'both set by NTP: ages, days left and targets of a restore are told by a clock',
        type: 'timedatectl',
      },
    ];
  },
};
