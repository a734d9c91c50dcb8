import { afterEach } from 'vitest';
import { newPod } from './backup-agent.ts';
import type { Pod } from './backup-agent.ts';

/** Makes pods with a new database on their volume; each is gone after its test, with all that ran in it. */
export function podsOfEachTest(): (label: string) => Promise<Pod> {
  const pods: Pod[] = [];
  afterEach(async () => {
    for (const pod of pods.splice(0)) {
      await pod.remove();
    }
  });
  return async (label) => {
    const pod = await newPod(label);
    pods.push(pod);
    pod.initialise();
    return pod;
  };
}
