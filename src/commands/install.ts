import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isSeq, parseAllDocuments, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { parseConfiguration, problemText } from '../config.ts';
import { installation } from '../manifests/installation.ts';
import { exitCode, UsageError } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { readText } from './manifest-files.ts';
import type { Terminal } from './terminal.ts';

export interface InstallOptions {
  readonly image?: string;
  readonly agentImage?: string;
  readonly replicas?: number;
  /** Path. */
  readonly config?: string;
  readonly failOpen: boolean;
  readonly notIn: readonly string[];
}

/** `pgusher install`: prints what `kubectl apply -k manifests` applies, with the settings that were asked for. */
export async function install(options: InstallOptions, terminal: Terminal): Promise<ExitCode> {
  const { image, agentImage, replicas, failOpen, notIn } = options;
  const configuration = options.config === undefined ? undefined : await usableConfiguration(options.config);
  const documents = installation(await baseManifests(), {
    image,
    agentImage,
    replicas,
    configuration,
    failOpen,
    notIn,
  });
  // A long line is nobody's to break: the rules of the policy are compared as they stand.
  terminal.out(documents.map((document) => textOf(document)).join('---\n'));
  return exitCode.fine;
}

/** Without the line that stood between two of one file. */
function textOf(document: Document): string {
  return document.toString({ lineWidth: 0, directives: false }).replace(/^---\n/, '');
}

async function baseManifests(): Promise<readonly Document[]> {
  const folder = folderOfManifests();
  const resources = parseDocument(await readText(`${folder}kustomization.yaml`)).get('resources');
  const files = isSeq(resources) ? resources.items.map(String) : [];
  const texts = await Promise.all(files.map((file) => readText(`${folder}${file}`)));
  return texts.flatMap((text) => [...parseAllDocuments(text)]);
}

/** Beside dist/ in the image and in the package, beside src/ in a checkout. */
function folderOfManifests(): string {
  for (const path of ['../manifests/base/', '../../manifests/base/']) {
    const folder = fileURLToPath(new URL(path, import.meta.url));
    if (existsSync(folder)) return folder;
  }
  throw new UsageError(
    'the manifests are not beside this program; wanted the package, the image or a checkout as it is',
  );
}

/** A webhook that starts with a file that it cannot use does not start. */
async function usableConfiguration(path: string): Promise<string> {
  const text = await readText(path);
  const parsed = parseConfiguration(text);
  if (parsed.kind === 'configuration') return text;
  throw new UsageError([`${path} cannot be used:`, ...parsed.problems.map(problemText)].join('\n  '));
}
