const longestShown = 80;

/**
 * A value that somebody wrote, for a message: in quotes, on one line, of bounded length. Messages travel in HTTP
 * headers, terminals and logs, so control characters (C0, C1, line separators, bidirectional overrides) are escaped.
 */
export function quoted(value: string): string {
  const shown = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
  return JSON.stringify(shown).replace(unprintable, escaped);
}

/** A name inside a field path: as it is, but for what would break a line. */
export function printable(name: string): string {
  return name.search(unprintable) !== -1 ? name.replace(unprintable, escaped).slice(0, longestShown) : name;
}

/** `one`, `one and two`, `one, two and three`. */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}

// eslint-disable-next-line no-control-regex -- control characters are what it is about
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
