/** A line of a container's log. */
export interface LogLine {
  readonly source: string;
  /** As Kubernetes writes it in front of the line: RFC 3339 with nanoseconds; empty where a line has none. */
  readonly time: string;
  readonly text: string;
}

/** From a line with its time in front. */
export function readLogLine(source: string, line: string): LogLine {
  const [, time, text] = /^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s.exec(line) ?? [];
  return time === undefined || text === undefined ? { source, time: '', text: line } : { source, time, text };
}

/** By time, those of one source in their order: each has lines of one time, and some without one. */
export function mergeLogs(logs: readonly (readonly LogLine[])[]): readonly LogLine[] {
  const dated = logs.flatMap((lines) => {
    let last: Moment = [0, ''];
    return lines.map((line) => {
      const read = moment(line.time);
      if (read !== undefined && compare(read, last) > 0) last = read;
      return { line, at: last };
    });
  });
  // Stable: lines of one moment stay as they came.
  return dated.sort((left, right) => compare(left.at, right.at)).map(({ line }) => line);
}

/** Whether a line comes after this time; a log that is opened again begins with lines that were shown. */
export function isAfter(line: LogLine, time: string): boolean {
  const [own, other] = [moment(line.time), moment(time)];
  return own === undefined || other === undefined || compare(own, other) > 0;
}

/** With the name of its source in front, padded to the longest. */
export function logText({ source, text }: LogLine, width: number): string {
  return `${source.padEnd(width)} | ${text}\n`;
}

/** Milliseconds to the second, and the digits below: Date knows no nanoseconds. */
type Moment = readonly [number, string];

function moment(time: string): Moment | undefined {
  const [, second, fraction = '', zone] = /^([^.]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const milliseconds = Date.parse(`${second ?? ''}${zone ?? ''}`);
  return Number.isNaN(milliseconds) ? undefined : [milliseconds, fraction.padEnd(9, '0')];
}

function compare(left: Moment, right: Moment): number {
  return left[0] - right[0] || (left[1] < right[1] ? -1 : left[1] > right[1] ? 1 : 0);
}
