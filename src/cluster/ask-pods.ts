import type { KubeConfig } from '@kubernetes/client-node';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import type { Answer } from './ask.ts';

/** A page of a pod, and what came of it. */
export interface PodPage {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
  readonly path: string;
}

export type PodAnswer =
  ({ readonly kind: 'answer' } & Pick<Answer, 'code' | 'text'>) | { readonly kind: 'failure'; readonly reason: string };

/** Questions under way at a time: the apiserver holds a connection to a node for each. */
const atOnce = 32;
/** Milliseconds: an agent answers in a few; longer is a network that swallows packets. */
export const patience = 5000;

/** Asks for a page of each pod through the apiserver, which takes `get pods/proxy`. In the order of the questions. */
export async function askPods(config: KubeConfig, pages: readonly PodPage[]): Promise<readonly PodAnswer[]> {
  return someAtOnce(pages, (page) => askPod(config, page));
}

/** Asks all, a bounded number at a time; answers in the order of the questions. */
export async function someAtOnce(
  pages: readonly PodPage[],
  askOne: (page: PodPage) => Promise<PodAnswer>,
): Promise<readonly PodAnswer[]> {
  const answers = new Array<PodAnswer>(pages.length);
  // One list that several walk through: each takes the next when it has its answer.
  const next = pages.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, page] of next) answers[index] = await askOne(page);
    }),
  );
  return answers;
}

async function askPod(config: KubeConfig, { namespace, pod, port, path }: PodPage): Promise<PodAnswer> {
  try {
    const proxied = `/api/v1/namespaces/${namespace}/pods/http:${pod}:${String(port)}/proxy${path}`;
    return { kind: 'answer', ...(await ask(config, { path: proxied, patience })) };
  } catch (error) {
    return { kind: 'failure', reason: describeFailure(error) };
  }
}
