import { walTime } from './wal-records.ts';

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)? ?(?:(Z)|([+-])(\d{2}):?(\d{2})?|([A-Za-z][\w+/-]*))$/;

/**
 * A target time as a time in WAL (microseconds since 2000-01-01 UTC). The admission side has checked the form
 * (workload/target-syntax.ts); by hand nobody has.
 * @throws where it cannot be read, or names a wall clock time that its zone skipped.
 */
export function parseTargetTime(text: string): bigint {
  const match = pattern.exec(text);
  const part = (index: number): number => Number(match?.[index] ?? 0);
  if (match === null) {
    throw new Error(
      `"${text}" is not a time with a zone; wanted such as 2026-11-21 06:41:00+00 or 2026-11-21T06:41:00Z`,
    );
  }
  const wall = Date.UTC(part(1), part(2) - 1, part(3), part(4), part(5), part(6));
  const microseconds = Number((match[7] ?? '').padEnd(6, '0'));
  const zone = match[12];
  if (zone !== undefined) {
    return walTime(inZone(wall, zone, text), microseconds);
  }
  const offset = (part(10) * 60 + part(11)) * 60_000 * (match[9] === '-' ? -1 : 1);
  return walTime(wall - offset, microseconds);
}

/** The instant at which the clocks of `zone` show `wall` (milliseconds as if it were UTC). */
function inZone(wall: number, zone: string, text: string): number {
  // Two tries settle it: the offset at the first guess is wrong only within hours of a change of clocks.
  let instant = wall - zoneOffset(wall, zone, text);
  instant = wall - zoneOffset(instant, zone, text);
  if (instant + zoneOffset(instant, zone, text) !== wall) {
    throw new Error(`"${text}" does not exist: the clocks of ${zone} skipped it; write it with an offset such as +00`);
  }
  return instant;
}

function zoneOffset(instant: number, zone: string, text: string): number {
  let shown: Intl.DateTimeFormatPart[];
  try {
    shown = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(instant);
  } catch (error) {
    throw new Error(
      `"${text}": "${zone}" is not a time zone; wanted an offset such as +00 or a name such as Europe/Berlin`,
      {
        cause: error,
      },
    );
  }
  const value = (type: Intl.DateTimeFormatPartTypes): number => Number(shown.find((part) => part.type === type)?.value);
  const wall = Date.UTC(
    value('year'),
    value('month') - 1,
    value('day'),
    value('hour'),
    value('minute'),
    value('second'),
  );
  return wall - Math.floor(instant / 1000) * 1000;
}
