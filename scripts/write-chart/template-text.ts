import { isSeq } from 'yaml';
import type { Document } from 'yaml';
import { editScript } from '../../src/commands/unified-diff.ts';
import { places } from './places.ts';
import type { Place, Written } from './places.ts';

/** Another form of the same document, for values under which this holds; undefined: it is left out. */
export interface Variant {
  /** A pipeline of the template language. */
  readonly condition: string;
  readonly change: (document: Document) => Document | undefined;
  /** Besides those of all forms. */
  readonly places?: readonly Place[];
}

/** The template of one document: what values decide is asked of them, and each variant stands where it differs. */
export function templateText(document: Document, variants: readonly Variant[]): string {
  const lines = linesOf(document.clone());
  const changes = variants.flatMap(({ condition, change, places: own }): Change[] => {
    const changed = change(document.clone());
    return changed === undefined
      ? [{ from: 0, to: lines.length, lines: [], condition }]
      : hunks(lines, linesOf(changed, own)).map((hunk) => ({ ...hunk, condition }));
  });
  const text: string[] = [];
  let at = 0;
  for (const { from, to, lines: others, condition } of changes.toSorted((one, other) => one.from - other.from)) {
    if (from < at) throw new Error(`two variants of one line: ${lines[from] ?? ''}`);
    text.push(...lines.slice(at, from));
    const old = lines.slice(from, to);
    if (others.length === 0) text.push(`{{- if not (${condition}) }}`, ...old, '{{- end }}');
    else
      text.push(
        `{{- if ${condition} }}`,
        ...others,
        ...(old.length === 0 ? [] : ['{{- else }}', ...old]),
        '{{- end }}',
      );
    at = to;
  }
  return [...text, ...lines.slice(at)].join('\n');
}

/** Lines [from, to) become `lines`. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

interface Change extends Hunk {
  readonly condition: string;
}

function hunks(before: readonly string[], after: readonly string[]): readonly Hunk[] {
  const found: { from: number; to: number; lines: string[] }[] = [];
  let at = 0;
  for (const { sign, line } of editScript(before, after)) {
    if (sign !== ' ') {
      let last = found.at(-1);
      if (last?.to !== at) found.push((last = { from: at, to: at, lines: [] }));
      if (sign === '+') last.lines.push(line);
      else last.to++;
    }
    if (sign !== '+') at++;
  }
  return found;
}

/** A long line is nobody's to break: the rules of the policy are compared as they stand. */
function linesOf(document: Document, own: readonly Place[] = []): readonly string[] {
  const written = [...places, ...own]
    .filter((place) => isOf(place, document))
    .flatMap((place) => mark(document, place));
  const text = document
    .toString({ lineWidth: 0, directives: false, flowCollectionPadding: false })
    .replace(/^---\n/, '');
  return text
    .trimEnd()
    .replaceAll('{{', '{{ "{{" }}')
    .split('\n')
    .flatMap((line) => fill(line, written));
}

function isOf({ kinds, name }: Place, document: Document): boolean {
  return (
    kinds.includes(String(document.get('kind'))) &&
    (name === undefined || document.getIn(['metadata', 'name']) === name)
  );
}

interface Marked {
  readonly mark: string;
  readonly written: Written;
  /** What stood there, of a list. */
  readonly names: readonly unknown[];
}

let marks = 0;

/** Puts a word of its own where the template comes in. */
function mark(document: Document, { path, written }: Place): readonly Marked[] {
  return expand(document, path).map((place) => {
    const word = `PLACE-${String(marks++)}-`;
    const there: unknown = document.getIn(place);
    const names: readonly unknown[] = isSeq(there) ? there.toJSON() : [];
    if (written.how === 'more items') document.addIn(place, word);
    else document.setIn(place, written.how === 'text' ? `${word}\n` : word);
    return { mark: word, written, names };
  });
}

function expand(document: Document, path: Place['path']): readonly (readonly (string | number)[])[] {
  const star = path.indexOf('*');
  if (star < 0) return [path];
  const list: unknown = document.getIn(path.slice(0, star));
  if (!isSeq(list)) throw new Error(`no list at ${path.join('.')}`);
  return list.items.flatMap((_, index) => expand(document, [...path.slice(0, star), index, ...path.slice(star + 1)]));
}

function fill(line: string, marked: readonly Marked[]): readonly string[] {
  const found = marked.find(({ mark: word }) => line.includes(word));
  if (found === undefined) return [line];
  const { mark: word, written, names } = found;
  const indent = line.search(/\S/);
  switch (written.how) {
    case 'scalar':
      return [line.replace(word, written.template)];
    case 'text':
      return [`{{- ${written.value} | nindent ${String(indent)} }}`];
    case 'block':
      return [line.replace(` ${word}`, ` {{- toYaml ${written.value} | nindent ${String(indent + 2)} }}`)];
    case 'optional block':
      return within(written.value, line.replace(` ${word}`, ` {{- toYaml . | nindent ${String(indent + 2)} }}`));
    case 'optional scalar':
      return within(written.value, line.replace(word, written.template));
    case 'more names': {
      const list = `list ${names.map((name) => JSON.stringify(name)).join(' ')}`;
      return [line.replace(word, `{{ concat (${list}) ${written.value} | toJson }}`)];
    }
    case 'more items':
      return within(written.value, `{{- toYaml . | nindent ${String(indent)} }}`);
  }
}

function within(value: string, line: string): readonly string[] {
  return [`{{- with ${value} }}`, line, '{{- end }}'];
}
