/**
 * Makes a directory of this machine for each claim, and removes it when the claim is gone: what a cloud's provisioner does with disks.
 * Started by `npm run cluster:up`, ended by `cluster:down`. Volumes are of the kind `local`, which the kubelet treats as a file system
 * (fsGroup is applied), other than `hostPath`.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { credentials } from './credentials.ts';
import { provisionerName } from './node-objects.ts';
import { places, ports } from './places.ts';

const kubeconfig = z
  .object({ users: z.tuple([z.object({ user: z.object({ token: z.string() }) })]) })
  .parse(JSON.parse(readFileSync(places.kubeconfig, 'utf8')));
const token = kubeconfig.users[0].user.token;
const agent = new Agent({ keepAlive: true, ca: readFileSync(credentials.authority) });

const claims = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string(),
        annotations: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.object({
        accessModes: z.array(z.string()),
        storageClassName: z.string().optional(),
        volumeName: z.string().default(''),
        resources: z.object({ requests: z.object({ storage: z.string() }) }),
      }),
    }),
  ),
});
const volumes = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ phase: z.string().optional() }),
    }),
  ),
});
type Claim = z.infer<typeof claims>['items'][number];

for (;;) {
  try {
    for (const claim of claims.parse(await call('GET', '/api/v1/persistentvolumeclaims')).items) await serve(claim);
    for (const { metadata, status } of volumes.parse(await call('GET', '/api/v1/persistentvolumes')).items) {
      if (status.phase !== 'Released' || metadata.annotations['pv.kubernetes.io/provisioned-by'] !== provisionerName)
        continue;
      rmSync(join(places.volumes, metadata.name), { recursive: true, force: true });
      await call('DELETE', `/api/v1/persistentvolumes/${metadata.name}`);
    }
  } catch (error) {
    console.error(new Date().toISOString(), error);
  }
  await pause(200);
}

async function serve({ metadata, spec }: Claim): Promise<void> {
  const node = metadata.annotations['volume.kubernetes.io/selected-node'];
  const provisioner = metadata.annotations['volume.kubernetes.io/storage-provisioner'];
  if (node === undefined || provisioner !== provisionerName) return;
  if (spec.volumeName !== '' || metadata.deletionTimestamp !== undefined) return;
  const name = `pvc-${metadata.uid}`;
  const path = join(places.volumes, name);
  mkdirSync(path, { recursive: true });
  await call('POST', '/api/v1/persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { 'pv.kubernetes.io/provisioned-by': provisionerName } },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      storageClassName: spec.storageClassName,
      persistentVolumeReclaimPolicy: 'Delete',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        namespace: metadata.namespace,
        name: metadata.name,
        uid: metadata.uid,
      },
      local: { path },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    },
  });
}

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const sent = request(
    {
      host: '127.0.0.1',
      port: ports.apiserver,
      method,
      path,
      agent,
      timeout: 10_000,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    },
    (response) => {
      text(response).then((answer) => {
        const status = response.statusCode ?? 0;
        // 409: it was made in the round before and is not bound yet. 404: gone already.
        if (status < 300 || status === 404 || status === 409) resolve(JSON.parse(answer));
        else reject(new Error(`${method} ${path}: ${status} ${answer.slice(0, 500)}`));
      }, reject);
    },
  );
  sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer for 10 s')));
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}
