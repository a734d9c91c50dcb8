import { createConfiguration, HttpMethod, RequestContext } from '@kubernetes/client-node';
import type { KubeConfig } from '@kubernetes/client-node';

const forms = {
  POST: [HttpMethod.POST, 'application/json'],
  PUT: [HttpMethod.PUT, 'application/json'],
  'PATCH, JSON Patch': [HttpMethod.PATCH, 'application/json-patch+json'],
  'PATCH, merge': [HttpMethod.PATCH, 'application/merge-patch+json'],
} as const;

export interface Answer {
  readonly code: number;
  readonly text: string;
  /** The header of that name; empty where there is none. */
  readonly date: string;
}

export interface Question {
  /** Below the address of the apiserver, with its own query where it has one. */
  readonly path: string;
  readonly accept?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Makes it a POST, of JSON, unless `as` says otherwise. */
  readonly body?: unknown;
  readonly as?: keyof typeof forms;
  /** Milliseconds. */
  readonly patience?: number;
}

/**
 * One question to the current cluster, whatever it answers.
 * @throws Error where no answer came: refused, cut off, too late, a certificate of somebody else.
 */
export async function ask(
  config: KubeConfig,
  { path, accept, query = {}, body, as = 'POST', patience = 30_000 }: Question,
): Promise<Answer> {
  const [method, contentType] = forms[as];
  const request = new RequestContext(
    `${config.getCurrentCluster()?.server ?? ''}${path}`,
    body === undefined ? HttpMethod.GET : method,
  );
  for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value);
  if (accept !== undefined) request.setHeaderParam('accept', accept);
  if (body !== undefined) {
    request.setHeaderParam('content-type', contentType);
    request.setBody(JSON.stringify(body));
  }
  await config.applySecurityAuthentication(request);
  request.setSignal(AbortSignal.timeout(patience));
  const response = await createConfiguration().httpApi.send(request).toPromise();
  return { code: response.httpStatusCode, text: await response.body.text(), date: response.headers['date'] ?? '' };
}
