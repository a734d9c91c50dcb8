import { paths } from '../agent/contract.ts';
import type { Injection } from './injection.ts';

/** Scripts, copied secrets, decision and sockets: kilobytes, and in memory since secrets are among them. */
const sizeLimit = '64Mi';

export const sharedVolume: Injection = {
  id: 'shared-volume',
  summary: 'What server and agent share: scripts, decision, sockets; in memory',

  contribute({ dataMount }) {
    if (dataMount === undefined) return { skipped: 'no volume covers PGDATA' };
    return {
      volumes: [{ name: 'pgusher', emptyDir: { medium: 'Memory', sizeLimit } }],
      // Writable: restore_command and the preStop hook leave their requests to the agent there.
      server: { volumeMounts: [{ name: 'pgusher', mountPath: paths.shared }] },
      reason: `${paths.shared} carries the scripts and the messages between server and agent`,
    };
  },
};
