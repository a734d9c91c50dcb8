/**
 * Names of the IANA time zone database without a region. Intl takes other short ones as well, for the sake of old Java programs: `BST` is
 * Dhaka to it, `AST` is Alaska (unicode.org, CLDR common/bcp47/timezone.xml).
 */
const withoutRegion = new Set(
  (
    'CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica ' +
    'Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal ' +
    'W-SU WET Zulu'
  ).split(' '),
);

/** A name of the IANA time zone database (`UTC`, `Europe/Berlin`); offsets are none, since they know no summer time. */
export function isTimeZone(text: string): boolean {
  // The default. Intl takes some 20 ms to load its zones, which every command would pay.
  if (text === 'UTC') return true;
  return withoutRegion.has(text) ? isKnown(text) : isRegionalZone(text);
}

/** `Europe/Berlin`, in any case of its letters, as Intl and PostgreSQL read it. */
export function isRegionalZone(text: string): boolean {
  return /^(?!SystemV\/)[a-z]\w*\/[\w+/-]{1,60}$/i.test(text) && isKnown(text);
}

function isKnown(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    // RangeError is the only way in which Intl says that it does not know a zone.
    return false;
  }
}
