import { join } from 'node:path';

/** Our folder at the root of the data volume; nothing of ours lies outside it but PGDATA itself. */
export const ownFolder = '.pgusher';

/**
 * `<data mount>/.pgusher/`:
 *
 *   lock       held for the pod's life
 *   staging/   a restore, a copy of the primary or what initdb makes; becomes PGDATA by rename(2)
 *   filling    PGDATA is a mount point, so that it cannot be replaced: its entries are moved in one by one; there while
 *              that is under way
 *   initialising  the image is making a database in PGDATA itself, and has not ended: `system=` names it (initdb.sh)
 *   pg_control while filling: the file that makes a database of it, moved in last
 *   wal/       segments that restore-command.sh may take
 *   rebuild    a person's order to make this pod a standby anew (rebuild/rebuild-order.ts); there until it is carried out
 *   replacing  staging/ is whole and takes the place of PGDATA, which goes to replaced/ before
 *   replaced/  what was PGDATA, until the copy in its place streams
 *   rebuilt    what became of the last order
 *   passwords  the database was restored, and its passwords are still to be set (passwords/passwords-order.ts)
 */
export interface DataVolumePaths {
  readonly own: string;
  readonly staging: string;
  readonly stagingName: string;
  readonly filling: string;
  readonly fillingName: string;
  readonly initialising: string;
  readonly initialisingName: string;
  readonly heldControlFile: string;
  readonly offeredWal: string;
  readonly rebuildOrder: string;
  readonly replacing: string;
  readonly replaced: string;
  readonly rebuilt: string;
  readonly passwords: string;
}

export function dataVolumePaths(dataMount: string): DataVolumePaths {
  const own = join(dataMount, ownFolder);
  const stagingName = 'staging';
  const fillingName = 'filling';
  const initialisingName = 'initialising';
  return {
    own,
    staging: join(own, stagingName),
    stagingName,
    filling: join(own, fillingName),
    fillingName,
    initialising: join(own, initialisingName),
    initialisingName,
    heldControlFile: join(own, 'pg_control'),
    offeredWal: join(own, 'wal'),
    rebuildOrder: join(own, 'rebuild'),
    replacing: join(own, 'replacing'),
    replaced: join(own, 'replaced'),
    rebuilt: join(own, 'rebuilt'),
    passwords: join(own, 'passwords'),
  };
}
