import { isMap, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';

/** What a person may ask of an installation; what is undefined stays as the manifests have it. */
export interface InstallationSettings {
  readonly image: string | undefined;
  readonly agentImage: string | undefined;
  readonly replicas: number | undefined;
  /** The config file of the webhook, whole. */
  readonly configuration: string | undefined;
  /** Labelled sets are admitted without the webhook while it is away: `failurePolicy: Ignore`. */
  readonly failOpen: boolean;
  /** Namespaces that webhook and policy are never asked about, besides pgusher's own and kube-system. */
  readonly notIn: readonly string[];
}

/**
 * The objects of manifests/ with these settings written in; comments and order stay. `documents` are those of all files, in the order of their
 * kustomizations.
 */
export function installation(documents: readonly Document[], settings: InstallationSettings): readonly Document[] {
  const { image, replicas, configuration, agentImage } = settings;
  for (const document of documents) {
    switch (document.get('kind')) {
      case 'Deployment':
        if (image !== undefined) document.setIn(['spec', 'template', 'spec', 'containers', 0, 'image'], image);
        if (replicas !== undefined && isWebhook(document)) document.setIn(['spec', 'replicas'], replicas);
        break;
      case 'ConfigMap': {
        if (!isWebhook(document)) break;
        const text = configuration ?? String(document.getIn(['data', 'pgusher.yaml']));
        document.setIn(['data', 'pgusher.yaml'], agentImage === undefined ? text : withAgentImage(text, agentImage));
        break;
      }
      case 'MutatingWebhookConfiguration':
      case 'ValidatingWebhookConfiguration':
        changeWebhooks(document, settings);
        break;
      case 'ValidatingAdmissionPolicy':
        leaveOut(document.getIn(['spec', 'matchConstraints']), settings.notIn);
    }
  }
  return documents;
}

/** Components bring others of the same kinds. */
function isWebhook(document: Document): boolean {
  return document.getIn(['metadata', 'name']) === 'pgusher';
}

function withAgentImage(text: string, image: string): string {
  const configuration = parseDocument(text);
  configuration.setIn(['settings', 'agent-image'], image);
  return String(configuration);
}

/** Those that judge sets have Fail; the others are Ignore anyway. */
function changeWebhooks(document: Document, { failOpen, notIn }: InstallationSettings): void {
  const webhooks = document.get('webhooks');
  if (!isSeq(webhooks)) return;
  for (const webhook of webhooks.items) {
    if (!isMap(webhook)) continue;
    if (failOpen) webhook.set('failurePolicy', 'Ignore');
    leaveOut(webhook, notIn);
  }
}

/** `matching` has a namespaceSelector whose first expression names what it is not for. */
function leaveOut(matching: unknown, notIn: readonly string[]): void {
  if (!isMap(matching)) return;
  const values = matching.getIn(['namespaceSelector', 'matchExpressions', 0, 'values']);
  if (isSeq(values)) for (const name of notIn) values.add(name);
}
