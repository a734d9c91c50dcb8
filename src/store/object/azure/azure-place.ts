import type { Place, Trouble } from '../../place.ts';
import type { StoreLimits } from '../limits.ts';
import { storeLimits } from '../limits.ts';
import { outcomeOfFailure } from '../outcome-of-failure.ts';
import { PartBuffers } from '../parts.ts';
import { probePlace } from '../probe-place.ts';
import { request, troubleOf } from '../requests.ts';
import type { AzureAddress } from './azure-address.ts';
import { azureClient } from './azure-client.ts';
import { azureDialect } from './azure-dialect.ts';
import type { Container } from './container.ts';
import { blobOf, notAnswered } from './container.ts';
import { failedRequest } from './failed-request.ts';
import { listBlobs } from './list-blobs.ts';
import { putBlob } from './put-blob.ts';
import { readBlob } from './read-blob.ts';
import { uploadStream } from './upload-stream.ts';

/**
 * A place in Azure Blob Storage, by its REST interface (docs/decisions/2026-12-01-azure.md says why not by Microsoft's client).
 * @throws see azure-client.ts.
 */
export function azurePlace(
  address: AzureAddress,
  environment: NodeJS.ProcessEnv,
  limits: StoreLimits = storeLimits,
): Place {
  const client = azureClient(address, environment, limits);
  const container: Container = {
    client,
    address,
    limits,
    name: placeName(address),
    outcomeOf: (error, asked) => outcomeOfFailure(failedRequest(error), asked, azureDialect),
    buffers: new PartBuffers(),
  };
  const place: Place = {
    name: container.name,
    read: (key, range, signal) => readBlob(container, key, range, signal),
    list: (prefix, signal) => listBlobs(container, prefix, signal),
    putIfAbsent: async (key, bytes, signal) => {
      const put = await putBlob(container, key, bytes, { 'if-none-match': '*' }, signal);
      return put.outcome === 'condition-failed' ? { outcome: 'exists' } : put;
    },
    replaceIfUnchanged: async (key, bytes, version, signal) => {
      const put = await putBlob(container, key, bytes, { 'if-match': version }, signal);
      return put.outcome === 'condition-failed' ? { outcome: 'changed' } : put;
    },
    putStream: (key, bytes, signal) => uploadStream(container, key, bytes, signal),
    delete: (key, signal) => deleteBlob(container, key, signal),
    probe: (signal) => probePlace(place, signal),
    close: () => {
      client.close();
    },
  };
  return place;
}

function placeName({ account, container, prefix, endpoint }: AzureAddress): string {
  const path = `azblob://${account}/${container}${prefix === '' ? '' : `/${prefix}`}`;
  return endpoint === null ? path : `${path} at ${endpoint}`;
}

async function deleteBlob(
  container: Container,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly outcome: 'deleted' } | Trouble> {
  const what = `DELETE ${key}`;
  // Without it a blob of which somebody took a snapshot stays.
  const headers = { 'x-ms-delete-snapshots': 'include' };
  const reply = await request(
    container,
    what,
    async ({ abortSignal }) => {
      const asked = { method: 'DELETE', blob: blobOf(container, key), headers } as const;
      const { status, body } = await container.client.send(asked, abortSignal);
      body.resume();
      return status;
    },
    { signal },
  );
  switch (reply.outcome) {
    case 'answered':
      return reply.output === 202 ? { outcome: 'deleted' } : notAnswered(container, what);
    case 'absent':
      return { outcome: 'deleted' };
    default:
      return troubleOf(reply, `${what} in ${container.name}`);
  }
}
