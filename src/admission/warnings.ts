import type { Finding } from '../checks/check.ts';

/** kube-apiserver cuts a warning at 256 runes once all of a request pass 4096; a terminal line is shorter. */
const longest = 120;

/** The budget of 4096 runes is shared with every other webhook of the request. */
const most = 10;

/**
 * Warnings as kube-apiserver passes them on: it drops a text with a control character silently, and shows each only once.
 * Findings of severity warn come after what the verdict says itself.
 */
export function toWarnings(texts: readonly string[], findings: readonly Finding[]): readonly string[] {
  if (texts.length === 0 && findings.length === 0) return texts;
  const advice = findings.filter((finding) => finding.severity === 'warn');
  const all = [...texts, ...advice.map((finding) => `${finding.check}: ${finding.message}`)];
  const distinct = [...new Set(all.map(toWarning))];
  if (distinct.length <= most) return distinct;
  const left = distinct.length - most + 1;
  return [...distinct.slice(0, most - 1), `${String(left)} more warnings; "pgusher check" prints all of them`];
}

/** One line of at most 120 characters; what is cut off ends in an ellipsis, at a word where there is one near. */
export function toWarning(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  if (characters.length <= longest) return line;
  const kept = characters.slice(0, longest - 1).join('');
  const word = kept.lastIndexOf(' ');
  return `${word > kept.length - 20 ? kept.slice(0, word) : kept}…`;
}
