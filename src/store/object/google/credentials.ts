import { keyVariable } from '../key-variable.ts';

export type GoogleCredentials =
  /** An HMAC key of a service account. */
  | { readonly kind: 'hmac'; readonly accessKeyId: string; readonly secretAccessKey: string }
  /** The pod's service account (GKE workload identity) or the machine's, by the metadata server. */
  | { readonly kind: 'metadata'; readonly host: string };

/**
 * GS_ACCESS_KEY_ID and GS_SECRET_ACCESS_KEY, as gsutil calls them, of a Secret; without them the platform is asked.
 * @throws on half a pair, and see key-variable.ts.
 */
export function googleCredentials(environment: NodeJS.ProcessEnv): GoogleCredentials {
  const accessKeyId = keyVariable(environment, 'GS_ACCESS_KEY_ID');
  const secretAccessKey = keyVariable(environment, 'GS_SECRET_ACCESS_KEY');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { kind: 'hmac', accessKeyId, secretAccessKey };
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    const names = ['GS_ACCESS_KEY_ID', 'GS_SECRET_ACCESS_KEY'];
    const [there, missing] = accessKeyId === undefined ? names.reverse() : names;
    throw new Error(
      `there is ${there ?? ''} without ${missing ?? ''}; wanted both, or neither where the platform gives an identity`,
    );
  }
  return { kind: 'metadata', host: keyVariable(environment, 'GCE_METADATA_HOST') ?? 'metadata.google.internal' };
}
