import { dataDirectoryChange } from '../../injections/data-directory.ts';
import { normalisePath } from '../../workload/absolute-path.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { variableByReference } from '../../workload/variable-by-reference.ts';
import type { Holder } from '../../workload/variable-by-reference.ts';
import type { Surroundings } from '../check.ts';

/** A PGDATA that no admission webhook reads, and that may be another one than what is held for it. */
export interface HiddenPgdata {
  readonly by: 'valueFrom' | 'envFrom';
  /** It is there, and not only perhaps. */
  readonly isCertain: boolean;
  /** ConfigMap or Secret that has it, as far as one is known: in files. */
  readonly holder: Holder | undefined;
  /** What a ConfigMap in files says. */
  readonly path: string | undefined;
}

type Around = Pick<Surroundings, 'facts' | 'operation' | 'injected'>;

/**
 * Undefined: PGDATA is said in the object, or what says it elsewhere agrees with what will be written into env, which wins (Kubernetes,
 * "Define Environment Variables"). What is known of other objects is good for what is said here alone: nothing that is injected depends on it.
 */
export function hiddenPgdata(workload: PostgresWorkload, around: Around): HiddenPgdata | undefined {
  const { server } = workload;
  if (server?.data.from !== 'image-family') return undefined;
  const by = server.environment.has('PGDATA') ? 'valueFrom' : 'envFrom';
  // A PGDATA in env of an earlier render is what runs.
  if (by === 'envFrom' && around.operation === 'UPDATE' && around.injected !== undefined) return undefined;
  const found = variableByReference('PGDATA', server, workload, around.facts);
  if (found.kind === 'absent') return undefined;
  if (found.kind === 'unknown') return { by, isCertain: by === 'valueFrom', holder: undefined, path: undefined };
  const path = found.value === undefined ? undefined : normalisePath(found.value);
  if (by === 'envFrom' && path === dataDirectoryChange(server, around.operation, around.injected).path)
    return undefined;
  return { by, isCertain: true, holder: found.holder, path };
}

/**
 * What the image has by default is not to be judged, since another PGDATA is there or may be. Under the escape of `pgdata-unknown` it is:
 * the agent looks there then.
 */
export function isHidden(workload: PostgresWorkload, around: Around): boolean {
  return !workload.settings.escapes.has('pgdata-unknown') && hiddenPgdata(workload, around) !== undefined;
}

/**
 * What lies under the image's default is no word about the data: PGDATA is said elsewhere, or may be, and then another volume that outlives
 * the pod is there for it (`pgdata-unknown` asks).
 */
export function mayLieElsewhere(workload: PostgresWorkload, around: Around): boolean {
  const { server } = workload;
  if (server?.data.from !== 'image-family' || workload.settings.escapes.has('pgdata-unknown')) return false;
  const hidden = hiddenPgdata(workload, around);
  return hidden !== undefined && (hidden.isCertain || hasOtherClaim(server));
}

/** A claim of the server beside what it has under PGDATA. */
export function hasOtherClaim({ data, mounts }: ServerContainer): boolean {
  return mounts.some(
    ({ name, source }) => name !== data.mount?.name && (source.kind === 'claim-template' || source.kind === 'claim'),
  );
}
