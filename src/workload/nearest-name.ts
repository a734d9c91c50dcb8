/** Longer texts are no slips of the pen, and the cost grows with the square. */
const longestText = 64;

/** The name that a slip of the pen turned into `text`; undefined where none is near. Ties go to the earlier one. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  if (text.length > longestText) return undefined;
  const wanted = inKebabCase(text);
  const scored = names.map((name) => ({ name, distance: editDistance(wanted, name) }));
  const best = scored.reduce<{ name: string; distance: number } | undefined>(
    (nearest, next) => (nearest === undefined || next.distance < nearest.distance ? next : nearest),
    undefined,
  );
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 4))) return best.name;
  // `verify` for `backup-verify`, `keep` for nothing: a last part that ends one name only.
  const holders = names.filter((name) => name.endsWith(`-${wanted}`));
  return holders.length === 1 ? holders[0] : undefined;
}

/** `backupKeep` and `backup_keep` mean `backup-keep`. */
function inKebabCase(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + (isSame ? 0 : 1),
          isSwap ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
