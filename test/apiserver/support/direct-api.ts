import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { ControlPlane } from './control-plane.ts';

export interface ApiAnswer {
  readonly status: number;
  /** `message` of a Status; empty where there is none. */
  readonly message: string;
}

/** Asks an apiserver without kubectl, which takes a hundred times as long: for tests that ask hundreds of things. */
export function directApi(
  cluster: ControlPlane,
): (method: 'POST' | 'PUT', path: string, body: unknown) => Promise<ApiAnswer> {
  const ask = textApi(cluster);
  return async (method, path, body) => {
    const { status, text } = await ask(method, path, body);
    const parsed = JSON.parse(text) as { kind: string; message?: string };
    return { status, message: parsed.kind === 'Status' ? (parsed.message ?? '') : '' };
  };
}

/** The same, with the whole answer. */
export function textApi(
  cluster: ControlPlane,
): (
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
) => Promise<{ readonly status: number; readonly text: string }> {
  const { server, token } = readKubeconfig(cluster.kubeconfig);
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const asked = request(
        `${server}${path}`,
        {
          method,
          // A cluster of this test, on loopback, with a certificate that it made itself.
          rejectUnauthorized: false,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('end', () => {
            resolve({ status: answer.statusCode ?? 0, text });
          });
        },
      );
      asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function readKubeconfig(path: string): { readonly server: string; readonly token: string } {
  const { clusters, users } = JSON.parse(readFileSync(path, 'utf8')) as {
    clusters: [{ cluster: { server: string } }];
    users: [{ user: { token: string } }];
  };
  return { server: clusters[0].cluster.server, token: users[0].user.token };
}
