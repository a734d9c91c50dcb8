import { normalisePath } from './absolute-path.ts';
import type { Environment } from './environment.ts';
import { walDirectoryOfArguments } from './initdb-arguments.ts';
import { coveringMount } from './mount.ts';
import type { Mount, WalDirectory } from './postgres-workload.ts';

/**
 * Where initdb puts the WAL; undefined: into PGDATA. The entrypoint hands `--waldir "$POSTGRES_INITDB_WALDIR"` over after
 * POSTGRES_INITDB_ARGS, so that it wins (docker-library/postgres, docker_init_database_dir).
 */
export function readWalDirectory(environment: Environment, mounts: readonly Mount[]): WalDirectory | undefined {
  const told = toldBy(environment);
  // initdb takes absolute paths only, and says so.
  if (told?.path.startsWith('/') !== true) return undefined;
  const path = normalisePath(told.path);
  return { path, variable: told.variable, mount: coveringMount(mounts, path) };
}

function toldBy(environment: Environment): Pick<WalDirectory, 'path' | 'variable'> | undefined {
  const literal = (name: string): string | undefined => {
    const entry = environment.get(name);
    return entry?.kind === 'value' ? entry.value : undefined;
  };
  const own = literal('POSTGRES_INITDB_WALDIR');
  if (own !== undefined && own !== '') return { path: own, variable: 'POSTGRES_INITDB_WALDIR' };
  const args = literal('POSTGRES_INITDB_ARGS');
  const path = args === undefined ? undefined : walDirectoryOfArguments(args, environment);
  return path === undefined ? undefined : { path, variable: 'POSTGRES_INITDB_ARGS' };
}
