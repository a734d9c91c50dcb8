import { dataDirectoryStays, uninject as uninjectObject } from '../pinning/uninject.ts';
import type { JsonObject } from '../workload/json.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { findObjects } from './find-objects.ts';
import { readManifestFiles } from './manifest-files.ts';
import { titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Terminal } from './terminal.ts';
import { writeJson, writeYaml } from './write-objects.ts';

export interface UninjectOptions {
  readonly filename: readonly string[];
  readonly output: 'yaml' | 'json';
  /** Leave in what a StatefulSet that exists cannot lose: the claim template for backups, and PGDATA. */
  readonly keepClaims: boolean;
}

/** `pgusher uninject`: the manifests as they would be without pgusher, the exact inverse of `inject`. The label stays. */
export async function uninject(options: UninjectOptions, terminal: Terminal): Promise<ExitCode> {
  const files = await readManifestFiles(options.filename);
  const objects = findObjects(files, { namespace: 'default' }, terminal);
  const replaced = new Map<ManifestObject, JsonObject>();
  const reports: string[] = [];
  for (const where of objects.filter(isStatefulSet)) {
    const { object, dataDirectory } = uninjectObject(where.object, { isLive: options.keepClaims });
    if (object === where.object) continue;
    replaced.set(where, object);
    reports.push(`${titleOf(where)}: what pgusher injected is taken out\n`);
    if (dataDirectory !== undefined) reports.push(`  ${aboutDataDirectory(dataDirectory, options.keepClaims)}\n`);
  }
  if (options.output === 'json') writeJson(objects, replaced, terminal);
  else writeYaml(files, replaced, terminal);
  for (const report of reports) terminal.report(report);
  return exitCode.fine;
}

/** Without it the server takes the user's own or the image's default, and finds no database there. */
function aboutDataDirectory(path: string, isKept: boolean): string {
  if (isKept) return dataDirectoryStays(path);
  return `PGDATA=${path} goes with it. Where this set has run, its database is there: use --keep-claims, or write PGDATA into the manifest.`;
}

function isStatefulSet({ kind, object }: ManifestObject): boolean {
  return kind === 'StatefulSet' && object['apiVersion'] === 'apps/v1';
}
