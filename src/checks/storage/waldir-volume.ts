import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { environmentField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: POSTGRES_INITDB_WALDIR, and --waldir or -X in POSTGRES_INITDB_ARGS (docker-library/postgres, "Initialization"), against the
 * mounts of the container.
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
    if (server?.wal === undefined) return noObservations;
    const { path, mount, variable } = server.wal;
    if (mount?.source.kind === 'claim' || mount?.source.kind === 'claim-template') return noObservations;
    const seen = mount === undefined ? 'which no volume covers' : `on ${mount.source.kind} ${quoted(mount.name)}`;
    const written = variable === 'POSTGRES_INITDB_WALDIR' ? variable : '--waldir';
    return [
      {
        field: environmentField(server.name, variable),
        message: `the WAL goes to ${quoted(path)}, ${seen}; wanted a claim. Mount a claim template there, or remove ${written}.`,
      },
    ];
  },
};
