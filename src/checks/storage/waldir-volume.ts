import { normalisePath } from '../../workload/absolute-path.ts';
import { referenceExpander } from '../../workload/environment.ts';
import { coveringMount } from '../../workload/mount.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: POSTGRES_INITDB_WALDIR (docker-library/postgres, "Initialization") against the mounts of the container.
 * Allowed: unset, below PGDATA's own mount, or below the mount of another claim.
 */
export const waldirVolume: Check = {
  id: 'waldir-volume',
  severity: 'deny',
  summary: 'The write-ahead log is kept where it does not outlive the pod.',
  because:
    'A data directory without its WAL cannot be started: the last checkpoint is gone, and with it every commit since. pg_resetwal only hides that.',
  instead: 'A claim mounted under POSTGRES_INITDB_WALDIR, or no POSTGRES_INITDB_WALDIR.',
  examine({ server }) {
    const variable = server?.environment.get('POSTGRES_INITDB_WALDIR');
    if (server === undefined || variable?.kind !== 'value' || variable.value === '') return noObservations;
    const path = normalisePath(referenceExpander(server.environment)(variable.value));
    const mount = coveringMount(server.mounts, path);
    if (mount?.source.kind === 'claim' || mount?.source.kind === 'claim-template') return noObservations;
    const seen = mount === undefined ? 'which no volume covers' : `on ${mount.source.kind} ${quoted(mount.name)}`;
    return [
      {
        field: environmentField(server.name, 'POSTGRES_INITDB_WALDIR'),
        message: `the WAL goes to ${quoted(path)}, ${seen}; wanted a claim. Mount a claim template there, or remove POSTGRES_INITDB_WALDIR.`,
      },
    ];
  },
};
