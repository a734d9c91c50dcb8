/**
 * The fields of global/pg_control that stand at the same place in every major version from 13 to 18 (ControlFileData in
 * src/include/catalog/pg_control.h; little-endian as on every platform that the images exist for). Read here and not by
 * `pg_controldata`, because that program reads its own major version only.
 */
export interface ControlFile {
  /** Decimal. */
  readonly systemId: string;
  /** Timeline of the last checkpoint, or of the end of the last recovery where that is newer. */
  readonly timeline: number;
  /** Bytes. */
  readonly segmentSize: number;
  /** True where the server was shut down cleanly. */
  readonly shutDown: boolean;
  /** True where a recovery from archive was under way: also where PostgreSQL crashed in it. */
  readonly inRecovery: boolean;
}

const offset = { systemId: 0, state: 16, timeline: 48, minRecoveryTimeline: 144, segmentSize: 228 };

/** DBState in pg_control.h. */
const state = { shutDown: 1, shutDownInRecovery: 2, inArchiveRecovery: 5 };

/** @throws where the bytes cannot be those of a control file. */
export function parseControlFile(bytes: Buffer): ControlFile {
  if (bytes.length < offset.segmentSize + 4) {
    throw new Error(`pg_control has ${bytes.length} bytes; wanted at least ${offset.segmentSize + 4}`);
  }
  const systemId = bytes.readBigUInt64LE(offset.systemId);
  const segmentSize = bytes.readUInt32LE(offset.segmentSize);
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
    timeline: Math.max(timeline, bytes.readUInt32LE(offset.minRecoveryTimeline)),
    segmentSize,
    shutDown: stateValue === state.shutDown,
    inRecovery: stateValue === state.shutDownInRecovery || stateValue === state.inArchiveRecovery,
  };
}
