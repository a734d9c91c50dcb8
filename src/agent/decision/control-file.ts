import { newestMajor } from '../../workload/newest-major.ts';

/**
 * The fields of global/pg_control that are looked at (ControlFileData in src/include/catalog/pg_control.h; little-endian as on
 * every platform that the images exist for). Read here and not by `pg_controldata`, because that program reads its own major
 * version only.
 */
export interface ControlFile {
  /** Decimal. */
  readonly systemId: string;
  /** Timeline of the last checkpoint, or of the end of the last recovery where that is newer. */
  readonly timeline: number;
  /** Position of the last checkpoint's record. */
  readonly checkpoint: bigint;
  /** Where recovery from that checkpoint begins. */
  readonly redo: bigint;
  /** When this file was written last, in seconds since 1970. */
  readonly writtenAt: number;
  /** Bytes. */
  readonly segmentSize: number;
  /** True where the server was shut down cleanly. */
  readonly shutDown: boolean;
  /** True where a recovery from archive was under way: also where PostgreSQL crashed in it. */
  readonly inRecovery: boolean;
  /** True where WAL has each page that a hint bit changed (data checksums or wal_log_hints): what pg_rewind finds changed pages by. */
  readonly hintBitsLogged: boolean;
}

/** These stand in front of all that a new major version adds; the first two never move (comment on the struct). */
const offset = { systemId: 0, version: 8, state: 16, writtenAt: 24, checkpoint: 32, redo: 40, timeline: 48 };

/** Places that move from one pg_control_version to another. */
interface Layout {
  readonly minRecoveryTimeline: number;
  readonly walLogHints: number;
  readonly segmentSize: number;
  readonly checksumVersion: number;
}

const before19: Layout = { minRecoveryTimeline: 144, walLogHints: 176, segmentSize: 228, checksumVersion: 252 };

/** By pg_control_version (PG_CONTROL_VERSION in pg_control.h), as the released versions have it. */
const layouts: ReadonlyMap<number, Layout> = new Map([
  // 13 to 16
  [1300, before19],
  // 17 writes the wal_level into what was padding of the checkpoint, 18 a field behind all of these.
  [1700, before19],
  [1800, before19],
  // 19: one field more in the checkpoint, one more before the segment size.
  [1905, { minRecoveryTimeline: 152, walLogHints: 184, segmentSize: 240, checksumVersion: 264 }],
]);

const oldestLayout = 1300;
const newestLayout = Math.max(...layouts.keys());
/** Ten majors ahead: what is beyond is no version but damage. */
const newestPlausible = newestLayout + 1000;

/** A server of a version that this agent is too old for: its data is good, and nobody here can tell what is in it. */
export class UnknownControlFile extends Error {
  override readonly name = 'UnknownControlFile';

  constructor(version: number) {
    super(
      `pg_control is of version ${version}, which this agent does not know (it knows those of PostgreSQL 13 to ${newestMajor}); ` +
        'wanted: an agent image as new as the server (postgres.io/agent-image), or a released version of PostgreSQL',
    );
  }
}

/** PG_DATA_CHECKSUM_VERSION; 19 has others for what is being switched on or off. */
const checksumsOn = 1;

/** DBState in pg_control.h. */
const state = { shutDown: 1, shutDownInRecovery: 2, inArchiveRecovery: 5 };

/** @throws UnknownControlFile; another error where the bytes cannot be those of a control file. */
export function parseControlFile(bytes: Buffer): ControlFile {
  if (bytes.length < offset.timeline + 4) {
    throw new Error(`pg_control has ${bytes.length} bytes; wanted at least ${before19.checksumVersion + 4}`);
  }
  const layout = layoutOf(bytes.readUInt32LE(offset.version));
  if (bytes.length < layout.checksumVersion + 4) {
    throw new Error(`pg_control has ${bytes.length} bytes; wanted at least ${layout.checksumVersion + 4}`);
  }
  const systemId = bytes.readBigUInt64LE(offset.systemId);
  const segmentSize = bytes.readUInt32LE(layout.segmentSize);
  const timeline = bytes.readUInt32LE(offset.timeline);
  // initdb --wal-segsize: a power of two from 1 MB to 1 GB.
  const plausibleSize = segmentSize >= 2 ** 20 && segmentSize <= 2 ** 30 && Number.isInteger(Math.log2(segmentSize));
  if (systemId === 0n || timeline === 0 || !plausibleSize) {
    throw new Error(
      `pg_control cannot be read: system ${systemId}, timeline ${timeline}, segment size ${segmentSize} bytes`,
    );
  }
  const stateValue = bytes.readUInt32LE(offset.state);
  return {
    systemId: systemId.toString(),
    timeline: Math.max(timeline, bytes.readUInt32LE(layout.minRecoveryTimeline)),
    checkpoint: bytes.readBigUInt64LE(offset.checkpoint),
    redo: bytes.readBigUInt64LE(offset.redo),
    writtenAt: Number(bytes.readBigInt64LE(offset.writtenAt)),
    segmentSize,
    shutDown: stateValue === state.shutDown,
    inRecovery: stateValue === state.shutDownInRecovery || stateValue === state.inArchiveRecovery,
    hintBitsLogged:
      bytes.readUInt8(layout.walLogHints) === 1 || bytes.readUInt32LE(layout.checksumVersion) === checksumsOn,
  };
}

/** Versions before 13 are not known one by one: what is read of them must be plausible. */
function layoutOf(version: number): Layout {
  const known = layouts.get(version);
  if (known !== undefined) {
    return known;
  }
  if (version > oldestLayout && version <= newestPlausible) {
    throw new UnknownControlFile(version);
  }
  return before19;
}
