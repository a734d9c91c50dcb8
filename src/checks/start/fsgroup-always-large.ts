import { textAt } from '../../workload/json.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { podSpecField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** A database of this size may have so many files that the kubelet needs minutes for them. */
const large = 100 * 2 ** 30;

/**
 * Fields: securityContext.fsGroup and .fsGroupChangePolicy of the pod; the size of the claim template under PGDATA.
 * Allowed: OnRootMismatch; no fsGroup; volumes below 100Gi, where nobody notices.
 */
export const fsgroupAlwaysLarge: Check = {
  id: 'fsgroup-always-large',
  severity: 'warn',
  summary: 'The kubelet walks through the whole database before each start.',
  because:
    'Without OnRootMismatch it changes the group and the mode of each file at each start: a large database is down for minutes longer, whenever its pod moves.',
  instead: 'fsGroupChangePolicy: OnRootMismatch.',
  examine({ server }) {
    const source = server?.data.mount?.source;
    if (server?.security.fsGroup === undefined || source?.kind !== 'claim-template') return noObservations;
    if (textAt(server.security.pod, 'fsGroupChangePolicy') === 'OnRootMismatch') return noObservations;
    if ((parseQuantity(source.storage ?? '') ?? 0) < large) return noObservations;
    return [
      {
        field: `${podSpecField}.securityContext.fsGroupChangePolicy`,
        message: `each start changes the group of every file on ${quoted(source.storage ?? '')}; wanted it done once. Write fsGroupChangePolicy: OnRootMismatch.`,
      },
    ];
  },
};
