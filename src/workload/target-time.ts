import { isRegionalZone } from './time-zone.ts';

/** One reading for the door and for the agent, which hands the server the instant with an offset. */
export type TargetTime =
  | {
      readonly kind: 'read';
      /** Since 1970, whole seconds. */ readonly milliseconds: number;
      readonly microseconds: number;
    }
  /** `wanted` completes "wanted …". */
  | { readonly kind: 'unreadable'; readonly wanted: string };

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)? ?(?:([+-])(\d{2}):?(\d{2})?|([A-Za-z][\w+/:-]*))?$/;

/**
 * The instant that PostgreSQL would recover to with this text as recovery_target_time. What it reads in more than one way is refused:
 * abbreviations (`CST` is Chicago or Shanghai, and means another thing before and after the server has read timezone_abbreviations;
 * PostgreSQL manual B.4), and the signs of POSIX (`UTC+2` is west; B.5).
 */
export function readTargetTime(text: string): TargetTime {
  const match = pattern.exec(text);
  if (match === null) {
    return unreadable(
      'a date and time with an offset, such as 2026-11-21 06:00:00+00, or with a zone such as Europe/Berlin',
    );
  }
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  // No WAL is older, and of what clocks showed before no two sets of time zone data agree.
  if (year < 1970) return unreadable('a time from 1970 on');
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (!isDate || hour > 23 || minute > 59 || second > 59) return unreadable('a date and a time that there are');
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  const microseconds = Number((match[7] ?? '').padEnd(6, '0'));
  const [sign, name] = [match[8], match[11]];
  if (sign !== undefined) {
    if (part(9) > 15 || part(10) > 59) return unreadable('an offset of at most 15:59 hours');
    const offset = (part(9) * 60 + part(10)) * 60_000;
    return { kind: 'read', milliseconds: sign === '-' ? wall + offset : wall - offset, microseconds };
  }
  if (name === undefined) return unreadable(`its zone too, as an offset such as ${text}+00`);
  if (name === 'Z' || /^(?:UTC|GMT)$/i.test(name)) return { kind: 'read', milliseconds: wall, microseconds };
  if (isRegionalZone(name)) return { kind: 'read', milliseconds: inZone(wall, name), microseconds };
  return unreadable(
    name.includes('/')
      ? `an offset such as +02, since "${name}" is no time zone`
      : `an offset such as +02 in place of "${name}", which PostgreSQL does not read as one sure hour`,
  );
}

function unreadable(wanted: string): TargetTime {
  return { kind: 'unreadable', wanted };
}

const day = 86_400_000;

/**
 * The instant at which the clocks of `zone` show `wall` (milliseconds as if it were UTC). Where they show it twice, by the offset after the
 * change; where they skip it, by the one before (DetermineTimeZoneOffset in PostgreSQL's src/backend/utils/adt/datetime.c).
 */
function inZone(wall: number, zone: string): number {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const before = wall - offsetAt(wall - day, clock);
  const after = wall - offsetAt(wall + day, clock);
  return after + offsetAt(after, clock) === wall ? after : before;
}

function offsetAt(instant: number, clock: Intl.DateTimeFormat): number {
  const shown = clock.formatToParts(instant);
  const value = (type: Intl.DateTimeFormatPartTypes): number => Number(shown.find((part) => part.type === type)?.value);
  return (
    Date.UTC(value('year'), value('month') - 1, value('day'), value('hour'), value('minute'), value('second')) - instant
  );
}
