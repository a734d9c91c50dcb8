import type { ClusterFacts } from './cluster-facts.ts';
import { linesOf } from './included-lines.ts';
import type { ConfigurationLine, ReadLines, Shelf } from './included-lines.ts';
import { isKnownAbsent, mountedFile, mountedFolder } from './mounted-file.ts';
import type { MountedFile } from './mounted-file.ts';
import type { PostgresWorkload, ServerContainer } from './postgres-workload.ts';

export interface FileParameter {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly file: MountedFile;
}

/**
 * What a postgresql.conf says that a known ConfigMap puts where the server reads it: at `config_file`, in the folder of `-D`, or in PGDATA, with
 * what it includes. Weaker than every argument.
 */
export function fileParameters(workload: PostgresWorkload, facts: ClusterFacts): ReadonlyMap<string, FileParameter> {
  const read = configurationLines(workload, facts);
  return read === undefined ? none : new Map(settingsIn(read.lines).map((parameter) => [parameter.name, parameter]));
}

const none: ReadonlyMap<string, FileParameter> = new Map();

/** Of postgresql.conf; undefined: it is not known. */
export function configurationLines(workload: PostgresWorkload, facts: ClusterFacts): ReadLines | undefined {
  const { server } = workload;
  if (server === undefined || facts.configMaps.within(workload.namespace).length === 0) return undefined;
  return linesOf(configurationPath(server), shelfOf(server, workload, facts));
}

/** Of `hba_file`, else in PGDATA, wherever `config_file` is (PostgreSQL manual 19.2). */
export function hbaLines(workload: PostgresWorkload, facts: ClusterFacts): ReadLines | undefined {
  const { server } = workload;
  if (server === undefined || facts.configMaps.within(workload.namespace).length === 0) return undefined;
  const said = server.parameters.get('hba_file')?.value ?? fileParameters(workload, facts).get('hba_file')?.value;
  return linesOf(said ?? `${server.data.path}/pg_hba.conf`, shelfOf(server, workload, facts));
}

function shelfOf({ container }: ServerContainer, workload: PostgresWorkload, facts: ClusterFacts): Shelf {
  return {
    file: (path) =>
      mountedFile(path, container, workload, facts) ??
      (isKnownAbsent(path, container, workload, facts) ? 'absent' : undefined),
    folder: (path) => mountedFolder(path, container, workload, facts),
  };
}

/** Of postgresql.conf. */
export function configurationPath({ parameters, data }: ServerContainer): string {
  return parameters.get('config_file')?.value ?? `${data.path}/postgresql.conf`;
}

/** PostgreSQL manual 19.1.2: `name = value`, `=` may be missing, `#` ends a line, quotes are doubled or escaped; the last one counts. */
function settingsIn(lines: readonly ConfigurationLine[]): readonly FileParameter[] {
  return lines.flatMap(({ text, file }) => {
    const match = /^\s*([A-Za-z_][\w.]*)\s*(?:=\s*|\s)(?:'((?:[^'\\]|''|\\.)*)'|([^\s'#]+))\s*(?:#.*)?$/.exec(text);
    if (match === null) return [];
    const [, name = '', quoted, bare = ''] = match;
    const value =
      quoted === undefined ? bare : quoted.replace(/''|\\(.)/g, (pair, escaped?: string) => escaped ?? pair.charAt(0));
    return [{ name: name.toLowerCase(), value, file }];
  });
}
