import type { Verdict } from '../admission/admission.ts';
import { mutate } from '../admission/mutate.ts';
import { findObjects } from './find-objects.ts';
import { readManifestFiles } from './manifest-files.ts';
import type { ManifestFile } from './manifest-files.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import { createRequest, offlineContexts } from './offline-admission.ts';
import type { Terminal } from './terminal.ts';
import type { Unread } from './unread.ts';

export interface AdmittedObject {
  readonly where: ManifestObject;
  readonly verdict: Verdict;
}

export interface AdmittedFiles {
  readonly files: readonly ManifestFile[];
  readonly objects: readonly AdmittedObject[];
}

/** Reads the manifests and decides about each object what the webhook would decide; `unread` as for readManifestFiles. */
export async function admitFiles(
  { filename, namespace, config, cluster, allowEmpty }: ManifestOptions,
  terminal: Terminal,
  unread?: Unread,
): Promise<AdmittedFiles> {
  const files = await readManifestFiles(filename, unread);
  const objects = findObjects(files, { namespace, allowEmpty }, terminal, unread);
  const contextOf = await offlineContexts({ config, cluster }, objects);
  return {
    files,
    objects: objects.map((where) => ({ where, verdict: mutate(createRequest(where), contextOf(where)) })),
  };
}

export function isRefused({ verdict }: AdmittedObject): boolean {
  return !verdict.allowed;
}
