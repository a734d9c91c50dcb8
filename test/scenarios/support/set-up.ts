import { down } from '../../../scripts/cluster/down.ts';
import { kubernetesVersion } from '../../../scripts/cluster/kubernetes.ts';
import { nodeIsUp } from '../../../scripts/cluster/node.ts';
import { reasonAgainst } from '../../../scripts/cluster/packages.ts';
import { up } from '../../../scripts/cluster/up.ts';
import { isForeign } from './cluster.ts';

/** `PGUSHER_CLUSTER=keep`: a cluster that is up is taken as it is, and stays. For working on one scenario. */
const keep = process.env['PGUSHER_CLUSTER'] === 'keep';

/**
 * Before the first scenario: a cluster with pgusher in it. vitest calls what this returns after the last. Two projects of
 * vitest.config.ts ask for it; they share what is remembered in the environment of vitest's own process.
 */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['PGUSHER_CLUSTER_OF'] === String(process.pid)) return undefined;
  process.env['PGUSHER_CLUSTER_OF'] = String(process.pid);
  const reason = isForeign ? undefined : reasonAgainst();
  if (reason !== undefined) {
    if (process.env['CI'] === 'true') throw new Error(`no cluster: ${reason}`);
    console.warn(`skipped: ${reason}`);
    process.env['PGUSHER_NO_CLUSTER'] = reason;
    return undefined;
  }
  if (!(keep && (isForeign || nodeIsUp()))) await up(kubernetesVersion);
  return keep ? undefined : () => down(kubernetesVersion);
}
