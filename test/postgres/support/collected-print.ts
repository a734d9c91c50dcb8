import type { Print } from '../../../src/agent/print.ts';

/** What a command would print, a line each; errors begin with `error: `. */
export function collectPrint(): { readonly lines: readonly string[]; readonly print: Print } {
  const lines: string[] = [];
  return { lines, print: { out: (line) => lines.push(line), error: (line) => lines.push(`error: ${line}`) } };
}
