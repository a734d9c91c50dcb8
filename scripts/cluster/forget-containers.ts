import { containerd, startContainerd } from './node.ts';
import { stop } from './processes.ts';

/**
 * containerd keeps what it knows of containers with its images. Those of a run that is over would be taken for pods that the
 * kubelet does not know, and be cleared one by one while the first test runs.
 */
export async function startWithoutContainers(): Promise<void> {
  await startContainerd();
  const known = (await containerd(['containers', 'list', '--quiet'])).split('\n').filter((id) => id !== '');
  if (known.length === 0) return;
  await containerd(['containers', 'remove', ...known]);
  await stop('containerd');
  await startContainerd();
}
