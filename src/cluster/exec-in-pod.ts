import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Exec } from '@kubernetes/client-node';
import type { KubeConfig, V1Status } from '@kubernetes/client-node';
import type { AgentAnswer } from '../commands/promotion.ts';
import { ApiFailure, describeFailure } from './api-failure.ts';

/** Both are asked of whoever executes by WebSocket: `get` for the request, and from Kubernetes 1.35 on `create` too (kubernetes/kubernetes#134577). */
const execRights =
  '`kubectl auth can-i get pods --subresource=exec` and `kubectl auth can-i create pods --subresource=exec` ask';

/** A command that runs in a container of a pod. */
export interface ProcessInPod {
  readonly output: Readable;
  /** Without `out`. Rejects where the apiserver refuses (ApiFailure), and where the connection ends before the command does. */
  readonly ended: Promise<Omit<AgentAnswer, 'out'>>;
  /** Waits for nobody. */
  readonly drop: () => void;
}

/**
 * A command in a container of a pod.
 * @throws ApiFailure where the apiserver refuses, Error where the connection ends before the command does.
 */
export async function execInPod(
  config: KubeConfig,
  namespace: string,
  pod: string,
  container: string,
  command: readonly string[],
): Promise<AgentAnswer> {
  const { output, ended } = startInPod(config, { namespace, pod, container }, command, null);
  const [out, end] = await Promise.all([text(output), ended]);
  return { ...end, out };
}

/** The same while it runs. Where `input` ends, so does its standard input; ending by then is its own matter. */
export function startInPod(
  config: KubeConfig,
  { namespace, pod, container }: { readonly namespace: string; readonly pod: string; readonly container: string },
  command: readonly string[],
  input: Readable | null,
): ProcessInPod {
  const [output, error] = [new PassThrough(), new PassThrough()];
  const words = text(error);
  const dropped = Promise.withResolvers<undefined>();
  const status = new Promise<V1Status>((resolve, reject) => {
    new Exec(config)
      .exec(namespace, pod, container, [...command], output, error, input, false, resolve)
      .then((opened) => {
        // Its type is that of a package which is not ours to name.
        const socket = opened as { onclose: unknown; terminate(): void };
        socket.onclose = () => {
          reject(new Error(`the connection to ${pod} ended`));
        };
        void dropped.promise.then(() => {
          socket.terminate();
        });
      })
      .catch((failure: unknown) => {
        reject(refusal(pod, container, failure));
      });
  });
  const ended = status
    .finally(() => {
      output.end();
      error.end();
    })
    .then(async ({ status: end, details, message }) => {
      const cause = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
      const said = await words;
      return { code: end === 'Success' ? 0 : Number(cause ?? '1'), error: said === '' ? (message ?? '') : said };
    });
  return {
    output,
    ended,
    drop: () => {
      dropped.resolve(undefined);
    },
  };
}

/** What the socket says is an event with a message, which holds the HTTP status where there was one. */
function refusal(pod: string, container: string, failure: unknown): Error {
  const said =
    typeof failure === 'object' && failure !== null && 'message' in failure && typeof failure.message === 'string'
      ? failure.message
      : describeFailure(failure);
  const code = Number(/Unexpected server response: (\d{3})/.exec(said)?.[1] ?? '0');
  if (code === 403) {
    return new ApiFailure(
      code,
      `you may not run the agent's commands in ${pod}; wanted the rights that ${execRights} about`,
    );
  }
  const words = `${pod}, container ${container}: ${said}`;
  return code === 0 ? new Error(words, { cause: failure }) : new ApiFailure(code, words);
}
