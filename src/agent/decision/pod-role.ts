export type Role = 'primary' | 'standby';

/**
 * Ordinal of a StatefulSet's pod: what follows the last dash of its name.
 * @throws where the name has none. A pod that does not know its place may be a second primary.
 */
export function podOrdinal(podName: string): number {
  const digits = /-(\d+)$/.exec(podName)?.[1];
  if (digits === undefined) {
    throw new Error(
      `the pod's name "${podName}" has no ordinal; wanted <set>-<number>, as a StatefulSet names its pods`,
    );
  }
  return Number(digits);
}
