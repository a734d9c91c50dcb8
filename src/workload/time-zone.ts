/** A name of the IANA time zone database (`UTC`, `Europe/Berlin`); offsets are none, since they know no summer time. */
export function isTimeZone(text: string): boolean {
  // The default. Intl takes some 20 ms to load its zones, which every command would pay.
  if (text === 'UTC') return true;
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    // RangeError is the only way in which Intl says that it does not know a zone.
    return false;
  }
}
