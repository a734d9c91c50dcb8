import type { StoreContract } from '../contract.ts';

/**
 * Where things lie in a store of engine `volume`. Everything is below `<mount>/<prefix>`:
 *
 *   STORE.json                          identity; written once, before initdb; never overwritten but to learn the system id
 *   PRIMARY.json                        which pod archives here, where the set has standbys (stored-primary.ts)
 *   <system id>/incoming/<timeline>/    pg_receivewal --synchronous, uncompressed; `<segment>.partial` is the newest
 *   <system id>/wal/<timeline>/         finished segments: `<segment>.zst`, `.gz` or bare; written to `.tmp-…`, fsynced, renamed
 *   <system id>/wal/<timeline>.history  timeline history files, bare
 *   <system id>/base/<backup id>/       archives, backup_manifest, DONE.json (last, fsynced: without it there is no backup)
 *   <system id>/gaps.json               where WAL is missing for good
 *   <system id>/received.json           up to when everything was received: an idle database writes no WAL that could tell
 *   restores/<restore id>.json          consumed point-in-time requests
 *   <system id>/partial/<timeline>/<segment>/<from>-<to>
 *                                       off-site only: what was added to the newest `.partial`, each byte once (offsite/piece.ts)
 *   leases/<name>.json                  running restores and clones: retention waits for them
 *   dumps/<dump id>/                    logical dumps: archives, globals.sql, DUMP.json (last, fsynced: without it there is no dump)
 *
 * `<timeline>` is 8 upper-case hexadecimal digits, `<backup id>` `<UTC yyyymmddThhmmssZ>_<timeline>_<start LSN without slash, 16 digits>`.
 */
export const storeNames = {
  identity: 'STORE.json',
  primary: 'PRIMARY.json',
  incoming: 'incoming',
  wal: 'wal',
  partial: 'partial',
  base: 'base',
  restores: 'restores',
  leases: 'leases',
  dumps: 'dumps',
  dumpManifest: 'DUMP.json',
  gaps: 'gaps.json',
  received: 'received.json',
  done: 'DONE.json',
  manifest: 'backup_manifest',
  temporaryPrefix: '.tmp-',
} as const;

/** STORE.json. Who this store belongs to; a store without a readable one is never taken for empty. */
export interface StoreIdentity {
  readonly format: 1;
  /** Random UUID of the store. */
  readonly id: string;
  readonly namespace: string;
  readonly set: string;
  /** ISO 8601. */
  readonly claimedAt: string;
  /** pg_control's system identifier in decimal; null until the first start. */
  readonly systemId: string | null;
  readonly major: number | null;
  /** Bytes; null until known. */
  readonly segmentSize: number | null;
}

/** DONE.json of a base backup. */
export interface BaseBackupRecord {
  readonly format: 1;
  readonly id: string;
  readonly systemId: string;
  readonly major: number;
  readonly segmentSize: number;
  readonly timeline: number;
  /** `X/Y` */
  readonly startLsn: string;
  readonly endLsn: string;
  /** First and last segment file names that the backup needs to become consistent. */
  readonly startSegment: string;
  readonly endSegment: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly archives: readonly BaseBackupArchive[];
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[];
  /** Where pg_wal was a link to; absent: it was a folder of PGDATA, or the record is of an agent that did not look. */
  readonly walDirectory?: string | undefined;
  /** Bytes of the data directory, and bytes stored. */
  readonly size: number;
  readonly storedSize: number;
  /** Hot-standby-sensitive settings in force (max_connections …): a restore must not start with less. */
  readonly settings: Readonly<Record<string, number>>;
  readonly verified: { readonly at: string; readonly manifest: boolean; readonly walThrough: string } | null;
}

export interface BaseBackupArchive {
  readonly file: string;
  readonly storedSize: number;
  /** Of the stored bytes, hexadecimal. */
  readonly sha256: string;
}

export function storeRoot(store: StoreContract): string {
  return `${store.mount}/${store.prefix}`;
}
