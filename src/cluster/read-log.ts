import { request as plainRequest } from 'node:http';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiFailure } from './api-failure.ts';

export interface LogQuestion {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of the Kubernetes API, "read log of the specified Pod": `follow`, `previous`, `sinceSeconds`, `sinceTime`, `tailLines`. */
  readonly query: Readonly<Record<string, string>>;
}

/**
 * The lines of a container's log, each with its time in front, as they come. client-node's own reader gives up on a log that is quiet for
 * five minutes, and takes the process along.
 * @throws ApiFailure with the apiserver's words, Error where it does not answer.
 */
export async function* readLog(config: KubeConfig, question: LogQuestion): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of await openLog(config, question)) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function openLog(config: KubeConfig, question: LogQuestion): Promise<IncomingMessage> {
  const { namespace, pod, container, query } = question;
  const url = new URL(`${config.getCurrentCluster()?.server ?? ''}/api/v1/namespaces/${namespace}/pods/${pod}/log`);
  url.search = new URLSearchParams({ container, timestamps: 'true', ...query }).toString();
  const options = {};
  await config.applyToHTTPSOptions(options);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = (url.protocol === 'http:' ? plainRequest : request)(url, options, resolve);
    asked.on('error', reject).end();
  });
  if (answer.statusCode === 200) return answer.setEncoding('utf8');
  throw new ApiFailure(answer.statusCode ?? 0, messageIn(await text(answer)));
}

function messageIn(words: string): string {
  try {
    const status: unknown = JSON.parse(words);
    if (typeof status === 'object' && status !== null && 'message' in status && typeof status.message === 'string') {
      return status.message;
    }
  } catch {
    // A kubelet's or a proxy's own words.
  }
  return words.slice(0, 200).trim();
}
