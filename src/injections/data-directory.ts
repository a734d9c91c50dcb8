import type { Plan, ReplacedEnv } from '../plan/plan.ts';
import { verbatimForKubelet } from '../shell/kubelet-expansion.ts';
import { normalisePath } from '../workload/absolute-path.ts';
import { textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import type { EnvironmentValue, ServerContainer } from '../workload/postgres-workload.ts';
import type { Injection } from './injection.ts';

/** Where PGDATA will be, and what has to be written for that; neither `added` nor `replaced`: it is right already. */
export interface DataDirectoryChange {
  readonly path: string;
  readonly added: JsonObject | undefined;
  readonly replaced: ReplacedEnv | undefined;
}

const name = 'PGDATA';

/**
 * PGDATA is written into the container even where the image has the same value: server, agent and initialisation must
 * agree, also after an image whose default differs (docker-library/postgres#1259 moved it in 18).
 *
 * On CREATE it leaves the root of its mount: `lost+found` makes initdb fail there, a mount's root cannot be renamed in one
 * step, and its mode belongs to the volume plugin. An UPDATE never moves it, nor does a CREATE of what was managed before
 * (deleted with --cascade=orphan and created again from `kubectl get -o yaml`). The `data-directory` annotation is obeyed
 * in all: a set that is created again over claims with a database at their root is brought up by it.
 */
export function dataDirectoryChange(
  server: ServerContainer,
  operation: 'CREATE' | 'UPDATE',
  injected: Plan | undefined,
): DataDirectoryChange {
  const { data, environment } = server;
  const own = environment.get(name);
  // `-D` alone decides where the server looks; what PGDATA says beside it is the user's business.
  if (data.from === 'arguments' && own !== undefined) return asItIs(data.path);
  if (data.from !== 'data-directory-annotation') {
    const written = standing(own, injected);
    if (written !== undefined) return written;
    if (operation === 'UPDATE') return own === undefined ? added(data.path) : asItIs(data.path);
    // Beside every volume that an image of any major declares there.
    if (data.ofAnyMajor && own === undefined) return added(offTheRoot(data.mount?.mountPath ?? data.path));
    if (data.atMountRoot && own === undefined) return added(offTheRoot(data.path));
    // One from a Secret or a ConfigMap is not known here.
    if (data.atMountRoot && own?.kind === 'value') return replacing(own.written, offTheRoot(data.path));
  }
  if (own === undefined) return added(data.path);
  const agrees = own.kind !== 'value' || normalisePath(own.value) === data.path;
  return agrees ? asItIs(data.path) : replacing(own.written, data.path);
}

/** What an earlier render wrote, where the user has not written another since. */
function standing(own: EnvironmentValue | undefined, injected: Plan | undefined): DataDirectoryChange | undefined {
  const replaced = injected?.server?.replacedEnv.find((entry) => entry.name === name);
  if (replaced !== undefined && own?.kind === 'value' && own.written === replaced.was) {
    return { path: replaced.value, added: undefined, replaced };
  }
  const entry = own === undefined ? injected?.server?.env.find((candidate) => candidate['name'] === name) : undefined;
  const path = textAt(entry, 'value');
  // Written anew and not taken over: the stored one has its keys in the apiserver's order, and the record would change.
  return path === undefined ? undefined : { path, added: { name, value: path }, replaced: undefined };
}

function offTheRoot(mountPath: string): string {
  return `${mountPath}/pgdata`;
}

function asItIs(path: string): DataDirectoryChange {
  return { path, added: undefined, replaced: undefined };
}

function added(path: string): DataDirectoryChange {
  return { path, added: { name, value: verbatimForKubelet(path) }, replaced: undefined };
}

function replacing(was: string, path: string): DataDirectoryChange {
  return { path, added: undefined, replaced: { name, value: path, was } };
}

export const dataDirectory: Injection = {
  id: 'data-directory',
  summary: 'PGDATA said in one place, below the root of its volume',

  contribute({ dataDirectory: { path, added, replaced }, server }) {
    if (replaced !== undefined) {
      return {
        server: { replacedEnv: [replaced] },
        reason: `PGDATA is ${path} instead of ${replaced.was}: the root of a volume is no place for a database`,
      };
    }
    if (added !== undefined) {
      return {
        server: { env: [added] },
        reason:
          path === server.data.path
            ? `PGDATA=${path} is written down, so that server, agent and initialisation agree on it`
            : `PGDATA=${path}, below the root of the volume, where ${server.data.path} would have been`,
      };
    }
    return { skipped: `PGDATA is ${path} already` };
  },
};
