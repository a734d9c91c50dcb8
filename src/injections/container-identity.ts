import type { ServerContainer } from '../workload/postgres-workload.ts';
import type { SettingValues } from '../workload/settings.ts';

/** Whom the injected containers run as: like the server, since they read and write its files. */
export type ContainerIdentity =
  /** The image starts as root and steps down; so do ours. `owner` is the server's uid and gid. */
  | { readonly kind: 'root'; readonly owner: { readonly uid: number; readonly gid: number } }
  /** `gid` undefined: nobody says it, and the kubelet takes the image's. */
  | { readonly kind: 'non-root'; readonly uid: number; readonly gid: number | undefined };

/**
 * runAsUser | runAsNonRoot | image starts as | identity
 * 0         | any          | any             | root
 * uid       | any          | any             | that uid
 * -         | true         | any             | run-as, else the family's uid
 * -         | false        | its own user    | run-as, else the family's uid
 * -         | false        | root            | root, owner is run-as, else the family's
 */
export function containerIdentity(server: ServerContainer, settings: SettingValues): ContainerIdentity {
  const { runAsUser, runAsGroup, runAsNonRoot } = server.security;
  const owner = settings.runAs ?? { uid: server.family.uid, gid: server.family.gid };
  if (runAsUser !== undefined && runAsUser !== 0) {
    return { kind: 'non-root', uid: runAsUser, gid: runAsGroup ?? (runAsUser === owner.uid ? owner.gid : undefined) };
  }
  if (runAsUser === undefined && (runAsNonRoot || !server.family.startsAsRoot)) {
    return { kind: 'non-root', uid: owner.uid, gid: runAsGroup ?? owner.gid };
  }
  return { kind: 'root', owner };
}
