import { readFileSync, writeFileSync } from 'node:fs';
import { editDocument } from '../../src/manifests/edit-document.ts';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { Json } from '../../src/workload/json.ts';

/** The configurations that a cluster installs; here they call an address instead of a Service. */
const sources = ['manifests/base/mutating-webhook.yaml', 'manifests/base/validating-webhook.yaml'];

/** Writes certs/webhooks.yaml and returns its path. `url` is where the webhook listens; `authority` the PEM of its CA. */
export function writeWebhookManifest(url: string, authority: string): string {
  const caBundle = Buffer.from(authority).toString('base64');
  const path = 'certs/webhooks.yaml';
  const texts = sources.map((source) => {
    const read = readManifests(readFileSync(source, 'utf8'));
    if (read.kind === 'unreadable') throw new Error(`${source}:${read.line}:${read.column}: ${read.message}`);
    return read.documents
      .map((document) => editDocument(document, callingAddress(document.value, url, caBundle)).text)
      .join('');
  });
  writeFileSync(path, texts.join('---\n'));
  return path;
}

function callingAddress(configuration: Json, url: string, caBundle: string): Json {
  if (!isObject(configuration)) return configuration;
  const webhooks = objectsAt(configuration, 'webhooks').map((webhook) => {
    const path = textAt(objectAt(objectAt(webhook, 'clientConfig'), 'service'), 'path') ?? '/';
    return { ...webhook, clientConfig: { url: `${url}${path}`, caBundle } };
  });
  return { ...configuration, webhooks };
}
