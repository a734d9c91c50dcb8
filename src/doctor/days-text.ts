const hour = 3_600_000;

/** A time that is left or has passed, as people say it: `12 days`, `5 hours`, `3 minutes`. */
export function daysText(milliseconds: number): string {
  if (milliseconds >= 48 * hour) return `${String(Math.floor(milliseconds / (24 * hour)))} days`;
  if (milliseconds >= 2 * hour) return `${String(Math.floor(milliseconds / hour))} hours`;
  return `${String(Math.floor(milliseconds / 60_000))} minutes`;
}
