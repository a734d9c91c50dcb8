import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField, podSpecField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: securityContext.runAsNonRoot and runAsUser of the Postgres container and the pod, the user of the image; postgres.io/run-as.
 * Allowed: a uid other than 0; an image with a user of its own, or whose user postgres.io/run-as says. An UPDATE is only warned: a build of one's
 * own under a known name may have a user, and runs.
 */
export const nonrootWithoutUid: Check = {
  id: 'nonroot-without-uid',
  severity: 'deny',
  summary: 'runAsNonRoot is asked for, and Postgres would start as root.',
  because:
    'The kubelet looks at the user that a container would start as. The stock images start as root and step down by themselves, which it cannot know: the container is never created ("container has runAsNonRoot and image will run as root").',
  instead:
    "`runAsUser` with the uid of the image's postgres user (999 on Debian, 70 on Alpine), and `fsGroup` with its group.",
  examine({ server, settings }, { operation }) {
    if (server === undefined || !server.security.runAsNonRoot || !isRoot(server, settings.values.runAs)) {
      return noObservations;
    }
    const { family, security, name } = server;
    const isOwn = Object.hasOwn(security.container, 'runAsNonRoot') || Object.hasOwn(security.container, 'runAsUser');
    return [
      {
        field: isOwn ? containerField(name, 'securityContext.runAsUser') : `${podSpecField}.securityContext.runAsUser`,
        message: `runAsNonRoot is true, and ${security.runAsUser === 0 ? 'runAsUser is 0' : `image ${quoted(server.image?.text ?? '')} starts as root`}; wanted a uid. Write runAsUser: ${family.uid} beside it.`,
        ...(operation === 'UPDATE' ? { severity: 'warn' as const } : {}),
      },
    ];
  },
};

function isRoot(
  { family, security }: ServerContainer,
  runAs: PostgresWorkload['settings']['values']['runAs'],
): boolean {
  if (security.runAsUser !== undefined) return security.runAsUser === 0;
  return runAs === undefined && family.startsAsRoot && family.startArguments !== undefined;
}
