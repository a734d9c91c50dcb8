import { normalisePath } from './absolute-path.ts';
import type { MountedFile } from './mounted-file.ts';

/** A line of a configuration file, and the file that it really stands in. */
export interface ConfigurationLine {
  readonly text: string;
  readonly file: MountedFile;
}

/** A file or a folder that is included and that nobody knows here. */
export interface UnreadInclude {
  /** As it is written: `include_dir`, `conf.d`. */
  readonly directive: string;
  readonly written: string;
  /** In the container. */
  readonly path: string;
  readonly file: MountedFile;
}

export interface ReadLines {
  readonly lines: readonly ConfigurationLine[];
  readonly unread: readonly UnreadInclude[];
}

/** What is at a path of the container. */
export interface Shelf {
  /** `absent`: all that may be there is known, and the file is not. */
  file(path: string): MountedFile | 'absent' | undefined;
  folder(path: string): { readonly files: ReadonlyMap<string, MountedFile>; readonly isWhole: boolean };
}

/**
 * PostgreSQL manual 19.1.5, and 20.1 for pg_hba.conf from 16 on: what is included stands where the directive stands, and a relative path begins in
 * the folder of the file that has it. Of a folder, the files `*.conf` in the order of their bytes.
 */
const include =
  /^\s*(include|include_if_exists|include_dir)(?:\s*=\s*|\s+)(?:'((?:[^'\\]|''|\\.)*)'|"([^"]*)"|([^\s#'"]+))/i;

/** `CONF_FILE_MAX_DEPTH` of PostgreSQL is 10; the files are counted for those that include one another in circles. */
const deepest = 10;
const mostFiles = 200;

/** The lines of the file at `path` with those of what it includes; undefined: that file is not known. */
export function linesOf(path: string, shelf: Shelf): ReadLines | undefined {
  const file = shelf.file(path);
  if (file === undefined || file === 'absent') return undefined;
  const lines: ConfigurationLine[] = [];
  const unread: UnreadInclude[] = [];
  let files = 0;
  const read = (at: string, own: MountedFile, depth: number): void => {
    files += 1;
    if (depth > deepest || files > mostFiles) return;
    for (const text of own.text.split('\n')) {
      const found = /^\s*include/i.test(text) ? include.exec(text) : null;
      if (found === null) {
        lines.push({ text, file: own });
        continue;
      }
      const [, directive = '', quoted, inQuotes, bare = ''] = found;
      const written = quoted?.replace(/''|\\(.)/g, (pair, one?: string) => one ?? pair.charAt(0)) ?? inQuotes ?? bare;
      const target = normalisePath(written.startsWith('/') ? written : `${at.replace(/[^/]*$/, '')}${written}`);
      const missing = (): void => {
        unread.push({ directive: directive.toLowerCase(), written, path: target, file: own });
      };
      if (directive.toLowerCase() === 'include_dir') {
        const { files: inside, isWhole } = shelf.folder(target);
        for (const name of [...inside.keys()].filter(isConfiguration).toSorted()) {
          const one = inside.get(name);
          if (one !== undefined) read(`${target}/${name}`, one, depth + 1);
        }
        if (!isWhole) missing();
        continue;
      }
      const one = shelf.file(target);
      if (one !== undefined && one !== 'absent') read(target, one, depth + 1);
      else if (one === undefined || directive.toLowerCase() === 'include') missing();
    }
  };
  read(normalisePath(path), file, 0);
  return { lines, unread };
}

function isConfiguration(name: string): boolean {
  return name.endsWith('.conf') && name.length > '.conf'.length && !name.startsWith('.');
}
