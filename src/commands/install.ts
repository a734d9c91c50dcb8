import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Document } from 'yaml';
import { parseConfiguration, problemText } from '../config.ts';
import { certificateModes } from '../manifests/components.ts';
import type { CertificateMode, Component } from '../manifests/components.ts';
import { installation } from '../manifests/installation.ts';
import { configMap, documentsIn, readKustomization } from '../manifests/kustomization.ts';
import type { Kustomization } from '../manifests/kustomization.ts';
import { patched } from '../manifests/kustomize-patch.ts';
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
  readonly certificates: CertificateMode;
  /** Components. */
  readonly with: readonly Component[];
}

/** `pgusher install`: prints what `kubectl apply -k manifests` applies, with the settings, components and certificates that were asked for. */
export async function install(options: InstallOptions, terminal: Terminal): Promise<ExitCode> {
  const { image, agentImage, replicas, failOpen, notIn } = options;
  const configuration = options.config === undefined ? undefined : await usableConfiguration(options.config);
  const documents = installation(await manifests(options), {
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

/** What kustomize makes of base, what the mode of certificates wants and the components. */
async function manifests({ certificates, with: chosen }: InstallOptions): Promise<readonly Document[]> {
  const root = folderOfManifests();
  const read = async (folder: string): Promise<Kustomization> =>
    readKustomization(await readText(`${root}${folder}/kustomization.yaml`));
  const textsIn = async (folder: string, files: readonly string[]): Promise<readonly string[]> =>
    Promise.all(files.map((file) => readText(`${root}${folder}/${file}`)));
  let documents = (await textsIn('base', (await read('base')).resources)).flatMap(documentsIn);
  for (const folder of new Set([...certificateModes[certificates], ...chosen.map((name) => `components/${name}`)])) {
    const { resources, patches, configMaps } = await read(folder);
    documents.push(...(await textsIn(folder, resources)).flatMap(documentsIn));
    for (const made of configMaps) documents.push(configMap(made, await textsIn(folder, made.files)));
    const texts = await textsIn(
      folder,
      patches.map(({ path }) => path),
    );
    for (const [index, text] of texts.entries()) {
      const { target = {} } = patches[index] ?? {};
      documents = documents.flatMap((document) => patched(document, { text, target }) ?? []);
    }
  }
  return documents;
}

/** Beside dist/ in the image and in the package, beside src/ in a checkout. */
function folderOfManifests(): string {
  for (const path of ['../manifests/', '../../manifests/']) {
    const folder = fileURLToPath(new URL(path, import.meta.url));
    if (existsSync(`${folder}base`)) return folder;
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
