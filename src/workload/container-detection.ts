import { isWithin, normalisePath } from './absolute-path.ts';
import { familyOf } from './image-family.ts';
import { parseImageReference } from './image-reference.ts';
import type { JsonObject } from './json.ts';
import { objectsAt, textAt } from './json.ts';
import { managerOf } from './manager.ts';
import type { Detection, DetectionSign } from './postgres-workload.ts';
import type { Settings } from './settings.ts';

/** Images with Postgres in their name or surroundings that are no server: exporters, poolers, consoles, backup tools. */
const toolPattern =
  /(exporter|pgbouncer|bouncer|pgpool|pgcat|odyssey|pgadmin|adminer|pgweb|postgrest|postgres-meta|pgbackrest|barman|wal-g|pghoard|pg_?dump|backup|pgwatch|pgbadger|pgsync|prometheus)/;

/** Where servers keep their data, whatever the image is called. */
const usualDataFolders = ['/var/lib/postgresql', '/bitnami/postgresql', '/home/postgres/pgdata', '/pgdata'];

interface Candidate {
  readonly container: JsonObject;
  readonly name: string;
  readonly isKnownServer: boolean;
  readonly signs: readonly DetectionSign[];
}

/** The Postgres container among `containers` of a pod: the one that the annotation names, else the one that looks like it. */
export function detectServer(podSpec: JsonObject, settings: Settings): Detection {
  const containers = objectsAt(podSpec, 'containers');
  const names = containers.map((container) => textAt(container, 'name') ?? '');
  const wanted = settings.values.container;
  if (wanted !== undefined) {
    return names.includes(wanted)
      ? { kind: 'found', container: wanted, because: ['annotation'] }
      : { kind: 'named-but-absent', wanted, containers: names };
  }
  const candidates = containers.flatMap((container) => candidateOf(container, containers.length === 1));
  const likely = likeliest(candidates);
  // The same one in whatever order they stand.
  const [first] = likely.toSorted((a, b) => b.signs.length - a.signs.length || (a.name < b.name ? -1 : 1));
  if (first === undefined) return { kind: 'none', containers: names };
  // Where each of them is left alone, whichever is named makes no difference, so there is nothing to ask.
  if (likely.length > 1 && !likely.every(({ container }) => isLeftAlone(container, podSpec)))
    return { kind: 'ambiguous', candidates: likely.map(({ name }) => name) };
  return { kind: 'found', container: first.name, because: first.signs };
}

function isLeftAlone(container: JsonObject, podSpec: JsonObject): boolean {
  const family = familyOf(parseImageReference(textAt(container, 'image') ?? ''));
  return family.treatment === 'left-alone' || managerOf(container, podSpec, family) !== undefined;
}

function candidateOf(container: JsonObject, isOnly: boolean): readonly Candidate[] {
  const reference = parseImageReference(textAt(container, 'image') ?? '');
  const isKnownServer = familyOf(reference).id !== 'unknown';
  if (!isKnownServer && toolPattern.test(reference?.repository ?? '')) return [];
  const signs: readonly (DetectionSign | false)[] = [
    isOnly && 'only-container',
    isKnownServer && 'image-family',
    hasPostgresPort(container) && 'port-5432',
    hasPostgresEnvironment(container) && 'postgres-environment',
    hasDataMount(container) && 'data-mount',
  ];
  return [
    { container, name: textAt(container, 'name') ?? '', isKnownServer, signs: signs.filter((sign) => sign !== false) },
  ];
}

/**
 * The images that are servers by name; where several are, those that also serve or keep data (a second container of the
 * same image that only runs pg_dump does neither). Without a known image, at least two other signs, or being the only one.
 */
function likeliest(candidates: readonly Candidate[]): readonly Candidate[] {
  const known = candidates.filter(({ isKnownServer }) => isKnownServer);
  if (known.length > 0) {
    const serving = known.filter(({ signs }) => signs.includes('port-5432') || signs.includes('data-mount'));
    return serving.length === 1 ? serving : known;
  }
  return candidates.filter(({ signs }) => signs.length >= 2 || signs.includes('only-container'));
}

function hasPostgresPort(container: JsonObject): boolean {
  return objectsAt(container, 'ports').some(({ containerPort }) => containerPort === 5432);
}

function hasPostgresEnvironment(container: JsonObject): boolean {
  return objectsAt(container, 'env').some((entry) => postgresVariable.test(textAt(entry, 'name') ?? ''));
}

const postgresVariable =
  /^(PGDATA|POSTGRES(QL)?_(PASSWORD|USER|USERNAME|DB|DATABASE|INITDB_ARGS|HOST_AUTH_METHOD)(_FILE)?)$/;

function hasDataMount(container: JsonObject): boolean {
  const variable = objectsAt(container, 'env').findLast((entry) => textAt(entry, 'name') === 'PGDATA');
  const pgdata = normalisePath(textAt(variable, 'value') ?? '/');
  const folders = pgdata === '/' ? usualDataFolders : [...usualDataFolders, pgdata];
  return objectsAt(container, 'volumeMounts').some((mount) => {
    const path = normalisePath(textAt(mount, 'mountPath') ?? '/');
    return path !== '/' && folders.some((folder) => isWithin(path, folder) || isWithin(folder, path));
  });
}
