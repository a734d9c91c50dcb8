import type { ClusterFacts } from './cluster-facts.ts';
import { mountedFile } from './mounted-file.ts';
import type { MountedFile } from './mounted-file.ts';
import type { PostgresWorkload, ServerContainer } from './postgres-workload.ts';

export interface FileParameter {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
  readonly file: MountedFile;
}

/**
 * What a postgresql.conf says that a known ConfigMap puts where the server reads it: at `config_file`, in the folder of `-D`, or in PGDATA.
 * Weaker than every argument.
 */
export function fileParameters(workload: PostgresWorkload, facts: ClusterFacts): ReadonlyMap<string, FileParameter> {
  const { server } = workload;
  if (server === undefined || facts.configMaps.within(workload.namespace).length === 0) return none;
  const file = mountedFile(configurationPath(server), server.container, workload, facts);
  return file === undefined ? none : new Map(settingsIn(file).map((parameter) => [parameter.name, parameter]));
}

const none: ReadonlyMap<string, FileParameter> = new Map();

/** Of `hba_file`, else in PGDATA, wherever `config_file` is (PostgreSQL manual 19.2). */
export function hbaFile(workload: PostgresWorkload, facts: ClusterFacts): MountedFile | undefined {
  const { server } = workload;
  if (server === undefined || facts.configMaps.within(workload.namespace).length === 0) return undefined;
  const said = server.parameters.get('hba_file')?.value ?? fileParameters(workload, facts).get('hba_file')?.value;
  const path = said ?? `${server.data.path}/pg_hba.conf`;
  return mountedFile(path, server.container, workload, facts);
}

/** Of postgresql.conf. */
export function configurationPath({ parameters, data }: ServerContainer): string {
  return parameters.get('config_file')?.value ?? `${data.path}/postgresql.conf`;
}

/** PostgreSQL manual 19.1.2: `name = value`, `=` may be missing, `#` ends a line, quotes are doubled or escaped; the last one counts. */
function settingsIn(file: MountedFile): readonly FileParameter[] {
  return file.text.split('\n').flatMap((line) => {
    const match = /^\s*([A-Za-z_][\w.]*)\s*(?:=\s*|\s)(?:'((?:[^'\\]|''|\\.)*)'|([^\s'#]+))\s*(?:#.*)?$/.exec(line);
    if (match === null) return [];
    const [, name = '', quoted, bare = ''] = match;
    const value =
      quoted === undefined ? bare : quoted.replace(/''|\\(.)/g, (pair, escaped?: string) => escaped ?? pair.charAt(0));
    return [{ name: name.toLowerCase(), value, file }];
  });
}
