/**
 * `npm run cluster:up | cluster:try | cluster:down`: pgusher on real Kubernetes.
 *
 *   up [--kubernetes 1.33|…|1.37]      boots one node on this machine (Debian, root), builds and loads the images, installs the manifests;
 *                                      with KUBECONFIG set it installs into that cluster, which has to find the images by itself
 *   try                                labels a database, writes rows, destroys its pod and its volume, and shows the rows again
 *   down                               takes everything away but what was built
 *
 * Exit codes: 0 done; 1 something failed, with what was seen; 2 usage.
 */
import { parseArgs } from 'node:util';
import { down } from './cluster/down.ts';
import { kubernetesVersion, minors, releaseOf } from './cluster/kubernetes.ts';
import { CannotRun } from './cluster/step.ts';
import { tryOut } from './cluster/try-out.ts';
import { up } from './cluster/up.ts';

const usage = `usage: npm run cluster:up [-- --kubernetes ${minors.join('|')}] | npm run cluster:try | npm run cluster:down`;

process.exitCode = await run(process.argv.slice(2));

async function run(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { kubernetes: { type: 'string' } },
  });
  const version = values.kubernetes === undefined ? kubernetesVersion : releaseOf(values.kubernetes);
  const [name] = positionals;
  const work = name === 'up' ? up : name === 'try' ? tryOut : name === 'down' ? down : undefined;
  if (work === undefined || version === undefined || positionals.length !== 1) {
    console.error(usage);
    return 2;
  }
  try {
    await work(version);
    return 0;
  } catch (error) {
    console.error(error instanceof CannotRun ? error.message : error);
    return 1;
  }
}
