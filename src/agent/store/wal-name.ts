/**
 * Names and positions of WAL (PostgreSQL manual, "WAL Internals"; XLogFileName in xlog_internal.h). A segment's name is
 * three times 8 upper-case hexadecimal digits: timeline, high half of the LSN, number of the segment in that 4 GB.
 */
export interface Segment {
  readonly timeline: number;
  /** Position divided by the segment size. */
  readonly number: bigint;
}

const segmentPattern = /^[0-9A-F]{24}$/;
const historyPattern = /^[0-9A-F]{8}\.history$/;

export function isSegmentName(name: string): boolean {
  return segmentPattern.test(name);
}

export function isHistoryName(name: string): boolean {
  return historyPattern.test(name);
}

/** `X/Y` → position in bytes. @throws where it is no LSN. */
export function parseLsn(text: string): bigint {
  const parts = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  if (parts?.[1] === undefined || parts[2] === undefined) {
    throw new Error(`not an LSN: ${text}`);
  }
  return (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`);
}

export function formatLsn(position: bigint): string {
  return `${(position >> 32n).toString(16).toUpperCase()}/${(position & 0xffffffffn).toString(16).toUpperCase()}`;
}

export function timelineName(timeline: number): string {
  return timeline.toString(16).toUpperCase().padStart(8, '0');
}

export function historyName(timeline: number): string {
  return `${timelineName(timeline)}.history`;
}

/** @throws where the name is not that of a segment. */
export function parseSegment(name: string, segmentSize: number): Segment {
  if (!isSegmentName(name)) {
    throw new Error(`not the name of a WAL segment: ${name}`);
  }
  const perFile = 0x100000000n / BigInt(segmentSize);
  return {
    timeline: Number.parseInt(name.slice(0, 8), 16),
    number: BigInt(`0x${name.slice(8, 16)}`) * perFile + BigInt(`0x${name.slice(16)}`),
  };
}

export function segmentName(segment: Segment, segmentSize: number): string {
  const perFile = 0x100000000n / BigInt(segmentSize);
  return [BigInt(segment.timeline), segment.number / perFile, segment.number % perFile]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** The segment that holds `position`; one that ends exactly at a boundary belongs to the next (`lastSegmentBefore` otherwise). */
export function segmentAt(timeline: number, position: bigint, segmentSize: number): string {
  return segmentName({ timeline, number: position / BigInt(segmentSize) }, segmentSize);
}

/** The segment that holds the byte before `position`: what is needed to have everything up to it. */
export function lastSegmentBefore(timeline: number, position: bigint, segmentSize: number): string {
  return segmentAt(timeline, position === 0n ? 0n : position - 1n, segmentSize);
}

export function segmentStart(name: string, segmentSize: number): bigint {
  return parseSegment(name, segmentSize).number * BigInt(segmentSize);
}

/** `<UTC yyyymmddThhmmssZ>_<timeline>_<start LSN without slash, 16 digits>` */
export function backupId(startedAt: Date, timeline: number, startLsn: bigint): string {
  const utc = startedAt.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `${utc}_${timelineName(timeline)}_${startLsn.toString(16).toUpperCase().padStart(16, '0')}`;
}

export interface TimelineSwitch {
  readonly parent: number;
  /** Where the parent was left. */
  readonly at: bigint;
}

/** The lines of a `.history` file, oldest first (PostgreSQL manual, "Timelines"). @throws on a line that is none. */
export function parseHistory(text: string): TimelineSwitch[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [parent, at] = line.split(/\s+/);
      if (parent === undefined || at === undefined || !/^\d+$/.test(parent)) {
        throw new Error(`not a line of a timeline history: ${line}`);
      }
      return { parent: Number(parent), at: parseLsn(at) };
    });
}
