import { createConfiguration, HttpMethod, RequestContext } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';

export interface Answer {
  readonly code: number;
  readonly text: string;
}

export interface Question {
  /** Below the address of the apiserver, with its own query where it has one. */
  readonly path: string;
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly patience?: number;
}

/**
 * One GET of the current cluster, whatever it answers.
 * @throws Error where no answer came: refused, cut off, too late, a certificate of somebody else.
 */
export async function ask(
  config: KubeConfig,
  { path, accept, query = {}, patience = 30_000 }: Question,
): Promise<Answer> {
  const request = new RequestContext(`${config.getCurrentCluster()?.server ?? ''}${path}`, HttpMethod.GET);
  for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value);
  if (accept !== undefined) request.setHeaderParam('accept', accept);
  await config.applySecurityAuthentication(request);
  request.setSignal(AbortSignal.timeout(patience));
  const response = await createConfiguration().httpApi.send(request).toPromise();
  return { code: response.httpStatusCode, text: await response.body.text() };
}
