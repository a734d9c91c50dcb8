/**
 * `npm run release -- --to FOLDER`: everything that a release has, into a folder that is empty or not there.
 *
 *   pgusher-VERSION.tgz            the npm package: pgusher, pgusher-agent, kubectl-pgusher
 *   pgusher-VERSION.oci.tar, …     both images, where buildah is there (else it says so)
 *   pgusher-chart-VERSION.tgz      the Helm chart
 *   install.yaml                   what `pgusher install` prints
 *   sbom.json                      what is shipped of other people's packages, CycloneDX
 *   SHA256SUMS                     of all of them: sha256sum -c SHA256SUMS
 *
 * Where images are made, chart and install.yaml name them by their digests. What stands behind `--` is for `buildah bud`, such as
 * `--build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…`; `--without-images` leaves them out. The same commit gives the same bytes of all but the images, whose bases a registry may change.
 * Exit codes: 0 written; 1 what failed is said.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeChart } from './release/chart.ts';
import { writeImages } from './release/images.ts';
import { isThere, root, run, sourceDate } from './release/programs.ts';

const { values, positionals } = parseArgs({
  options: {
    to: { type: 'string' },
    'without-images': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
if (values.to === undefined)
  stop('usage: npm run release -- --to FOLDER [--without-images] [-- OPTION OF buildah bud...]');
const to = resolve(values.to);
if (existsSync(to) && readdirSync(to).length > 0)
  stop(`${to} is not empty; wanted an empty folder, so that nothing old is released`);
mkdirSync(to, { recursive: true });

try {
  const date = sourceDate();
  run('npm', ['pack', '--silent', '--pack-destination', to]);
  const withImages = !values['without-images'] && isThere('buildah');
  if (!withImages) console.log('Without images: chart and install.yaml name them by tag, without digest.');
  const images = withImages ? writeImages(to, date, positionals) : undefined;
  writeChart(to, date, images);
  const named = images === undefined ? [] : ['--image', images.webhook, '--agent-image', images.agent];
  writeFileSync(join(to, 'install.yaml'), run(join(root, 'bin', 'pgusher'), ['install', ...named]));
  writeFileSync(join(to, 'sbom.json'), bill(run(process.execPath, [join(root, 'scripts', 'sbom.ts')]), date));
  const sums = readdirSync(to)
    .toSorted()
    .map(
      (file) =>
        `${createHash('sha256')
          .update(readFileSync(join(to, file)))
          .digest('hex')}  ${file}\n`,
    );
  writeFileSync(join(to, 'SHA256SUMS'), sums.join(''));
  console.log(`${to}:\n${sums.join('')}`);
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}

/** Without the number that npm draws, and with the time of the commit. */
function bill(text: string, date: number): string {
  const { metadata, ...others } = JSON.parse(text) as { readonly metadata: object };
  const timestamp = new Date(date * 1000).toISOString();
  // A key that is undefined is not written.
  const same = { ...others, serialNumber: undefined, metadata: { ...metadata, timestamp } };
  return `${JSON.stringify(same, undefined, 2)}\n`;
}

function stop(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
