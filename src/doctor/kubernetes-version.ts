import { ok } from './examination.ts';
import type { Examination } from './examination.ts';

/** docs/install.md: native sidecars are on since 1.29, ValidatingAdmissionPolicy is v1 since 1.30. */
const oldestMinor = 30;

export const kubernetesVersion: Examination = {
  id: 'kubernetes-version',
  examine: ({ kubernetes: { major, minor, text } }) => [
    major > 1 || minor >= oldestMinor
      ? ok(`Kubernetes ${text}`)
      : {
          verdict: 'fault',
          seen: `Kubernetes ${text}`,
          wanted: `1.${String(oldestMinor)} or newer: older ones know no native sidecars or no ValidatingAdmissionPolicy`,
        },
  ],
};
