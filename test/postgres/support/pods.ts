import { afterEach } from 'vitest';
import { newPod } from './backup-agent.ts';
import type { Pod } from './backup-agent.ts';

/**
 * Makes pods with a new database on their volume, which is a file system of `dataMegabytes` where that is given; each is
 * gone after its test, with all that ran in it.
 */
export function podsOfEachTest(): (label: string, dataMegabytes?: number) => Promise<Pod> {
  const pods: Pod[] = [];
  afterEach(async () => {
    for (const pod of pods.splice(0)) {
      await pod.remove();
    }
  });
  return async (label, dataMegabytes) => {
    const pod = await newPod(label);
    pods.push(pod);
    if (dataMegabytes !== undefined) {
      pod.mount('data', dataMegabytes);
    }
    pod.initialise();
    return pod;
  };
}
