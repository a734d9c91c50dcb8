import type { JsonObject } from '../workload/json.ts';
import { storedSelinux } from '../workload/stored-form.ts';
import type { RenderFacts } from './injection.ts';

/** What a root start needs to prepare ownership and step down to the server's uid, and no more. */
const rootCapabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'];

/**
 * Of every injected container. A non-root pod keeps Pod Security "restricted"; a root one cannot have it with the stock
 * image either. `runAsNonRoot` is always written: what the pod says of it is inherited otherwise.
 */
export function securityContext(facts: RenderFacts, readOnlyRootFilesystem: boolean): JsonObject {
  const { identity, server } = facts;
  // With other SELinux categories than the server's, a container could not read the server's files.
  const seLinuxOptions = storedSelinux(server.security.container);
  return {
    allowPrivilegeEscalation: false,
    capabilities: identity.kind === 'root' ? { add: rootCapabilities, drop: ['ALL'] } : { drop: ['ALL'] },
    readOnlyRootFilesystem,
    ...(identity.kind === 'non-root' && identity.gid !== undefined ? { runAsGroup: identity.gid } : {}),
    runAsNonRoot: identity.kind === 'non-root',
    runAsUser: identity.kind === 'root' ? 0 : identity.uid,
    ...(seLinuxOptions === undefined ? {} : { seLinuxOptions }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}
