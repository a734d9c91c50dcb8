import { isWithin, normalisePath } from '../../workload/absolute-path.ts';
import type { AgentContract } from '../contract.ts';
import type { BaseBackupRecord } from '../store/layout.ts';

/** A part of the database that lies outside PGDATA: the WAL, or a tablespace. PGDATA holds a link to it. */
export interface OutsidePart {
  /** The link, relative to PGDATA: `pg_wal`, `pg_tblspc/16400`. */
  readonly link: string;
  /** What the link points to, absolute. */
  readonly location: string;
}

/** Where parts can be put back: the volumes of a pod. */
export type PartPlaces = Pick<AgentContract, 'dataDirectory' | 'dataMount' | 'otherMounts' | 'walDirectory'>;

export const walLink = 'pg_wal';

export function tablespaceLink(oid: string): string {
  return `pg_tblspc/${oid}`;
}

/** The volume that holds a location, where it outlives the pod and is none of PGDATA itself; undefined: it cannot be put back there. */
export function mountOf(location: string, places: PartPlaces): string | undefined {
  const path = normalisePath(location);
  // A tablespace in PGDATA (allow_in_place_tablespaces, or a path below it) is a part of the base backup in another way.
  if (!location.startsWith('/') || isWithin(path, places.dataDirectory)) {
    return undefined;
  }
  return [places.dataMount, ...(places.otherMounts ?? [])]
    .filter((mount) => isWithin(path, mount))
    .toSorted((left, right) => right.length - left.length)[0];
}

/** Of a base backup, as they are put back in a pod: the WAL where new databases have it, else where the old one had it. */
export function outsideParts(
  record: Pick<BaseBackupRecord, 'tablespaces' | 'walDirectory'>,
  places: PartPlaces,
): readonly OutsidePart[] {
  const wal = [places.walDirectory, record.walDirectory].find(
    (path) => path !== undefined && mountOf(path, places) !== undefined,
  );
  return [
    ...(wal === undefined ? [] : [{ link: walLink, location: wal }]),
    ...record.tablespaces.map(({ oid, location }) => ({ link: tablespaceLink(oid), location })),
  ];
}
