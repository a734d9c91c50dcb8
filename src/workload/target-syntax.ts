import { isTimeZone } from './time-zone.ts';

/**
 * What recovery_target_* takes (PostgreSQL manual, "Recovery Target"). A mistake here is not seen by the server until
 * it has restored and replayed, so it is seen at admission. Whether a target can be reached is the agent's business:
 * nothing here knows the time.
 */

/** `16/B374D848`: two halves of at most 8 hexadecimal digits. */
export function isLsn(text: string): boolean {
  return /^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text);
}

/** Decimal, 32 bit; 0 to 2 are no ordinary transactions (FirstNormalTransactionId is 3). */
export function isTransactionId(text: string): boolean {
  return /^[1-9][0-9]{0,9}$/.test(text) && Number(text) >= 3 && Number(text) <= 0xffff_ffff;
}

/** What pg_create_restore_point() takes: 1 to 63 bytes. */
export function isRestorePointName(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) < 64 && !/\p{Cc}/u.test(text);
}

const timestampPattern =
  /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,6})?)? ?(Z|[+-]\d{2}(?::?\d{2})?|[A-Za-z][\w+/-]*)$/;

/**
 * A date and time with its zone, as recovery_target_time takes it; undefined where `text` is none. Without a zone
 * PostgreSQL would take the server's own, and a restore would end hours from where it was meant to. ISO 8601's `Z`
 * becomes `+00`: PostgreSQL reads this setting before it knows any abbreviations, and refuses `Z` among them.
 */
export function zonedTimestamp(text: string): string | undefined {
  const match = timestampPattern.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part || 0));
  const zone = match[7] ?? '';
  const isDate = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  return isDate && isTime && (isOffset(zone) || isTimeZone(zone)) ? text.replace(/ ?Z$/, '+00') : undefined;
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** `Z`, `+02`, `+0530`, `-03:30`; PostgreSQL takes no more than 15:59 hours. */
function isOffset(zone: string): boolean {
  const match = /^[+-](\d{2}):?(\d{2})?$/.exec(zone);
  return zone === 'Z' || (match !== null && Number(match[1]) <= 15 && Number(match[2] ?? 0) <= 59);
}
