import type { Colour } from './terminal.ts';

/** A heading and rows below it, in columns as wide as their widest cell; empty where there are no rows. */
export function section(heading: string, rows: readonly (readonly string[])[], colour: Colour): string {
  return rows.length === 0 ? '' : `${colour('bold', heading)}\n${table(rows)}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd() + '\n')
    .join('');
}
