import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Exec } from '@kubernetes/client-node';
import type { KubeConfig, V1Status } from '@kubernetes/client-node';
import type { AgentAnswer } from '../commands/promotion.ts';
import { ApiFailure, describeFailure } from './api-failure.ts';

/** Both are asked of whoever executes by WebSocket: `get` for the request, and from Kubernetes 1.35 on `create` too (kubernetes/kubernetes#134577). */
const execRights =
  '`kubectl auth can-i get pods --subresource=exec` and `kubectl auth can-i create pods --subresource=exec` ask';

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
  const [out, error] = [new PassThrough(), new PassThrough()];
  const status = await new Promise<V1Status>((resolve, reject) => {
    new Exec(config)
      .exec(namespace, pod, container, [...command], out, error, null, false, resolve)
      .then((socket) => {
        // Its type is that of a package which is not ours to name.
        (socket as { onclose: unknown }).onclose = () => {
          reject(new Error(`the connection to ${pod} ended`));
        };
      })
      .catch((failure: unknown) => {
        reject(refusal(pod, container, failure));
      });
  });
  out.end();
  error.end();
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  const code = status.status === 'Success' ? 0 : Number(cause ?? '1');
  const words = await text(error);
  return { code, out: await text(out), error: words === '' ? (status.message ?? '') : words };
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
