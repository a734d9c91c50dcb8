import { setTimeout as pause } from 'node:timers/promises';
import { patience } from '../../../scripts/cluster/patience.ts';
import { applier } from './server-side-apply.ts';

export interface Asked {
  readonly asked: number;
  /** Answers that had what is injected. */
  readonly injected: number;
  /** What was said in place of an answer. */
  readonly failed: readonly string[];
}

/** Twenty dry-run applies a second of a set that nobody has, until the function that comes back is called: it resolves with what came of them. */
export function askAllAlong(namespace: string, name: string, manifest: string): () => Promise<Asked> {
  const apply = applier(namespace, name, manifest);
  const failed: string[] = [];
  let [asked, injected] = [0, 0];
  const timer = setInterval(() => {
    asked += 1;
    apply().then(
      ({ status, said }) => {
        if (status >= 300) failed.push(`${status} ${said}`);
        else if (said.includes('pgusher-restore')) injected += 1;
      },
      (error: unknown) => failed.push(String(error)),
    );
  }, 50 * patience);
  return async () => {
    clearInterval(timer);
    await pause(2000);
    console.log(`${asked} applies, ${20 / patience} a second`);
    return { asked, injected, failed };
  };
}
