import { get } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { isObject, objectAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { describeFailure } from './api-failure.ts';
import { ask } from './ask.ts';
import { patience, someAtOnce } from './ask-pods.ts';
import type { PodAnswer, PodPage } from './ask-pods.ts';

/** Bytes. A report has a few thousand; what else a pod sends is not taken into our memory. */
const longestAnswer = 256 * 1024;

/**
 * Asks for a page of each pod at its own address, for a process in the cluster: `get pods` is all that this takes, where the way through the
 * apiserver takes `get pods/proxy`, which opens every port of every pod. In the order of the questions.
 *
 * The pods are those of others: no redirect is followed, an answer has a limit, of anything but a report no word is shown, and a pod that
 * has the node's network is not asked, since its address is the node's.
 */
export async function askPodsDirectly(config: KubeConfig, pages: readonly PodPage[]): Promise<readonly PodAnswer[]> {
  return someAtOnce(pages, async (page) => {
    try {
      const { namespace, pod } = page;
      const { code, text } = await ask(config, { path: `/api/v1/namespaces/${namespace}/pods/${pod}`, patience });
      if (code === 404) return { kind: 'answer', code, text };
      if (code === 403) return failed('pgusher may not look up its address; wanted the right `get pods`');
      if (code !== 200) return failed(`HTTP ${String(code)} where its address was asked for`);
      const address = addressOf(JSON.parse(text));
      return typeof address === 'string' ? await askAt(address, page) : failed(address.problem);
    } catch (error) {
      return failed(describeFailure(error));
    }
  });
}

function addressOf(pod: unknown): string | { readonly problem: string } {
  const object: JsonObject = isObject(pod) ? pod : {};
  if (objectAt(object, 'spec')['hostNetwork'] === true) return { problem: "it has the node's network" };
  const address = textAt(objectAt(object, 'status'), 'podIP');
  return address ?? { problem: 'it has no address yet' };
}

async function askAt(address: string, { port, path }: PodPage): Promise<PodAnswer> {
  return new Promise((resolve, reject) => {
    const request = get({ host: address, port, path, signal: AbortSignal.timeout(patience) }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length <= longestAnswer) return;
        request.destroy();
        resolve(failed(`it answers with more than ${String(longestAnswer)} bytes`));
      });
      response.on('end', () => {
        resolve(answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
      });
    });
    request.on('error', reject);
  });
}

/** An agent that has no such page says so with 404, which is its word and not the apiserver's. */
function answerOf(code: number, text: string): PodAnswer {
  return code === 200 || code === 404
    ? { kind: 'answer', code, text: code === 200 ? text : '' }
    : failed(`HTTP ${String(code)}`);
}

function failed(reason: string): PodAnswer {
  return { kind: 'failure', reason };
}
