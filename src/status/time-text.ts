/** To the minute, in UTC: `2026-11-29 14:05Z`. */
export function minuteText(time: Date | string): string {
  const text = typeof time === 'string' ? time : time.toISOString();
  return `${text.slice(0, 16).replace('T', ' ')}Z`;
}

/** How long that is, in the one unit that is of use: `40 s`, `12 min`, `5 h`, `9 days`. */
export function spanText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(0)} h` : `${(seconds / 86_400).toFixed(0)} days`;
}
