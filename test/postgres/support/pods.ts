import { afterEach } from 'vitest';
import { newPod } from './backup-agent.ts';
import type { Pod } from './backup-agent.ts';

/** What is on the volume of a new pod: a new database, nothing, or a new database on a file system of so many megabytes. */
export type Volume = 'database' | 'empty' | number;

/** Makes pods; each is gone after its test, with all that ran in it. */
export function podsOfEachTest(): (label: string, volume?: Volume) => Promise<Pod> {
  const pods: Pod[] = [];
  afterEach(async () => {
    for (const pod of pods.splice(0)) {
      await pod.remove();
    }
  });
  return async (label, volume = 'database') => {
    const pod = await newPod(label);
    pods.push(pod);
    if (typeof volume === 'number') {
      pod.mount('data', volume);
    }
    if (volume !== 'empty') {
      pod.initialise();
    }
    return pod;
  };
}
