import type { ImageFamily } from './image-family.ts';
import { imageFamilies, makersImage } from './image-family.ts';
import type { JsonObject } from './json.ts';
import { objectsAt, textAt, textsAt } from './json.ts';
import { normalisePath } from './absolute-path.ts';

/** Whoever else decides about roles and data of the server, and by what it was seen. */
export interface Manager {
  readonly name: string;
  /** For a message: `PATRONI_SCOPE`, `stolon-keeper`. */
  readonly sign: string;
  /** What its images are like. */
  readonly family: ImageFamily;
}

type ManagerFamily = 'patroni' | 'spilo' | 'crunchy' | 'stolon' | 'repmgr' | 'pg-auto-failover' | 'bitnami';

/** By what each of them is configured. Names that only one of them reads; `SCOPE` or `REPLICATION_USER` may be anybody's. */
const variables: readonly (readonly [pattern: RegExp, name: string, family: ManagerFamily])[] = [
  [/^PATRONI_[A-Z]/, 'Patroni', 'patroni'],
  [/^(SPILO_[A-Z]|PGPASSWORD_(SUPERUSER|STANDBY|ADMIN)$)/, 'Patroni of Spilo', 'spilo'],
  [/^PGHA_[A-Z]/, 'Patroni of Crunchy', 'crunchy'],
  [/^ST(KEEPER|SENTINEL|PROXY|OLONCTL)_[A-Z]/, 'Stolon', 'stolon'],
  [/^REPMGR_[A-Z]/, 'repmgr', 'repmgr'],
  [/^PG_?AUTO(CTL|FAILOVER)_[A-Z]/, 'pg_auto_failover', 'pg-auto-failover'],
  [/^(BITNAMI_DEBUG|POSTGRESQL_(VOLUME_DIR|REPLICATION_MODE|NUM_SYNCHRONOUS_REPLICAS))$/, "Bitnami's image", 'bitnami'],
];

/** As words of a command line or a script of their own, with or without a folder in front. */
const programs: readonly (readonly [pattern: RegExp, name: string, family: ManagerFamily])[] = [
  [word('patroni'), 'Patroni', 'patroni'],
  [word('stolon-(?:keeper|sentinel|proxy)'), 'Stolon', 'stolon'],
  [word('pg_autoctl'), 'pg_auto_failover', 'pg-auto-failover'],
  [word('repmgrd?'), 'repmgr', 'repmgr'],
  [word('pg-coordinator'), "KubeDB's pg-coordinator", 'patroni'],
  [/(?:^|[\s"'])(\/opt\/bitnami\/scripts\/)/, "Bitnami's image", 'bitnami'],
  [/(?:^|[\s"'])(\/opt\/crunchy\/bin\/)/, "Crunchy's image", 'crunchy'],
];

/** One regular expression of all of them, since most containers have none; the ValidatingAdmissionPolicy is written from them too. */
export const managerVariables = new RegExp(variables.map(([pattern]) => pattern.source).join('|'));
export const managerPrograms = new RegExp(programs.map(([pattern]) => pattern.source).join('|'));

function word(name: string): RegExp {
  return new RegExp(`(?:^|[\\s/;&|"'(\`])(${name})(?:$|[\\s;&|"')\`])`);
}

/** By variables, command and mounts of the server's container, and by what runs beside it; `family`: of the image's name. */
export function managerOf(container: JsonObject, podSpec: JsonObject, family: ImageFamily): Manager | undefined {
  return (
    // Left over from another image, or set for it in vain: what the stock image starts by itself reads none of them.
    (startsPlainServer(container) ? undefined : byVariable(container)) ??
    byProgram(container) ??
    // A stock image over a volume that Bitnami's had filled is a stock image.
    (family.id === 'unknown' ? byMount(container) : undefined) ??
    beside(container, podSpec)
  );
}

/** A stock image, by its own entrypoint or by name: no manager is in it. */
export function startsPlainServer(container: JsonObject): boolean {
  if (!makersImage.test(textAt(container, 'image') ?? '')) return false;
  const command = textsAt(container, 'command');
  const [first] = [...command, ...textsAt(container, 'args')];
  return first === undefined || plainStart.test(first) || (command.length === 0 && first.startsWith('-'));
}

/** The first word of a command line. */
export const plainStart = /^(\/([^/]+\/)*)?(postgres|docker-entrypoint[.]sh)$/;

function byVariable(container: JsonObject): Manager | undefined {
  const named = objectsAt(container, 'env').find((entry) => managerVariables.test(textAt(entry, 'name') ?? ''));
  const name = textAt(named, 'name');
  const found = name === undefined ? undefined : variables.find(([pattern]) => pattern.test(name));
  return found === undefined || name === undefined ? undefined : manager(found[1], name, found[2]);
}

function byProgram(container: JsonObject): Manager | undefined {
  const words = [...textsAt(container, 'command'), ...textsAt(container, 'args')];
  const running = words.find((text) => managerPrograms.test(text));
  if (running === undefined) return undefined;
  for (const [pattern, name, family] of programs) {
    const seen = pattern.exec(running)?.[1];
    if (seen !== undefined) return manager(name, seen, family);
  }
  return undefined;
}

/** Nobody but Bitnami's images keeps anything there. */
function byMount(container: JsonObject): Manager | undefined {
  const path = objectsAt(container, 'volumeMounts')
    .map((mount) => normalisePath(textAt(mount, 'mountPath') ?? '/'))
    .find((mountPath) => mountPath === '/bitnami' || mountPath.startsWith('/bitnami/postgresql'));
  return path === undefined ? undefined : manager("Bitnami's image", `the mount at ${path}`, 'bitnami');
}

function beside(container: JsonObject, podSpec: JsonObject): Manager | undefined {
  for (const other of objectsAt(podSpec, 'containers')) {
    const found = other === container ? undefined : byProgram(other);
    if (found !== undefined) return found;
  }
  return undefined;
}

function manager(name: string, sign: string, id: ManagerFamily): Manager | undefined {
  const family = imageFamilies.find((candidate) => candidate.id === id);
  return family === undefined ? undefined : { name, sign, family };
}
