import { ok, unseen } from './examination.ts';
import type { Examination } from './examination.ts';

/** Each set's store and agent, as `pgusher status` sees them. */
export const sets: Examination = {
  id: 'sets',
  examine: ({ sets: known }) => {
    if (known.kind === 'absent') return [];
    if (known.kind !== 'known') return [unseen('the managed sets', known)];
    const unsafe = known.value.filter(({ safe }) => !safe);
    if (known.value.length === 0) return [ok('no StatefulSet has the label postgres.io/managed: "true" yet')];
    return [
      ...(unsafe.length === 0 ? [ok(`all ${String(known.value.length)} managed sets are safe`)] : []),
      ...known.value.flatMap(({ namespace, name, safe, reasons, warnings }) => [
        ...(safe
          ? []
          : [
              {
                verdict: 'fault' as const,
                seen: `${namespace}/${name} is not safe: ${reasons.join('; ')}`,
                wanted: 'a database that comes back when its volume is lost',
                type: `pgusher logs ${name} -n ${namespace}`,
              },
            ]),
        ...warnings.map((warning) => ({ verdict: 'warning' as const, seen: `${namespace}/${name}: ${warning}` })),
      ]),
    ];
  },
};
