import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { z } from 'zod';
import { credentials, kubeconfigOf } from '../../../scripts/cluster/credentials.ts';
import { ports } from '../../../scripts/cluster/places.ts';

const kubeconfig = z.object({ users: z.array(z.object({ user: z.object({ token: z.string() }) })) });

/**
 * `kubectl apply --server-side --dry-run=server` of a StatefulSet without kubectl, which would take half a second of this machine each
 * time. Resolves with the status and what the apiserver said.
 */
export function applier(
  namespace: string,
  name: string,
  manifest: string,
): () => Promise<{ status: number; said: string }> {
  const token = kubeconfig.parse(JSON.parse(readFileSync(kubeconfigOf('admin'), 'utf8'))).users[0]?.user.token ?? '';
  const agent = new Agent({ keepAlive: true, ca: readFileSync(credentials.authority) });
  const body = JSON.stringify(parse(manifest));
  const path = `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}?fieldManager=test&force=true&dryRun=All`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/apply-patch+yaml' };
  return () =>
    new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port: ports.apiserver, method: 'PATCH', path, agent, headers },
        (response) => {
          text(response).then((said) => {
            resolve({ status: response.statusCode ?? 0, said });
          }, reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
}
