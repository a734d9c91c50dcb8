import { cpSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { version } from '../../src/version.ts';
import { helmProgram } from '../helm/helm-program.ts';
import type { ImageReferences } from './images.ts';
import { root, run } from './programs.ts';

/** `helm package`, with the digests of the images in its values. Its archive has the times of the files: those of the commit. */
export function writeChart(to: string, date: number, images: ImageReferences | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-release-'));
  try {
    const chart = join(directory, 'pgusher');
    cpSync(join(root, 'manifests', 'chart'), chart, { recursive: true });
    if (images !== undefined) {
      const values = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
      values.setIn(['images', 'webhook'], images.webhook);
      values.setIn(['images', 'agent'], images.agent);
      writeFileSync(join(chart, 'values.yaml'), values.toString({ lineWidth: 0 }));
    }
    for (const entry of readdirSync(chart, { recursive: true })) utimesSync(join(chart, String(entry)), date, date);
    // Helm 4: Helm 3 writes the time of packing into the archive.
    run(helmProgram('v4.3.2'), ['package', chart, '--destination', directory]);
    // The package of npm has that name too.
    renameSync(join(directory, `pgusher-${version}.tgz`), join(directory, 'packed'));
    cpSync(join(directory, 'packed'), join(to, `pgusher-chart-${version}.tgz`));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
