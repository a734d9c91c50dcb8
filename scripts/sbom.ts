import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Prints what is shipped of other people's packages, as CycloneDX 1.5 (JSON): `npm run sbom --silent`. From package-lock.json, so that nothing has to be
 * installed; needs npm 10 or newer, which makes the list. Exits with npm's own code where that fails.
 */

const root = fileURLToPath(new URL('..', import.meta.url));

interface Component {
  readonly 'bom-ref': string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Bill {
  readonly metadata: { readonly component: Component & { readonly name: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

const made = spawnSync(
  'npm',
  ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'],
  { cwd: root, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 },
);
if (made.status !== 0) {
  process.stderr.write(made.error === undefined ? made.stderr : `npm cannot be run: ${made.error.message}\n`);
  process.exit(made.status ?? 1);
}
process.stdout.write(`${JSON.stringify(shipped(JSON.parse(made.stdout) as Bill), undefined, 2)}\n`);

/** `--omit dev` of npm 10 and 11 also omits what is shipped and what a development dependency needs as well (findings/). */
function shipped({ metadata, components, dependencies, ...others }: Bill): object {
  const isDevelopment = ({ properties = [] }: Component): boolean =>
    properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');
  const kept = components.filter((component) => !isDevelopment(component));
  const known = new Set([metadata.component, ...kept].map((component) => component['bom-ref']));
  // npm 11 calls the whole by the folder of the checkout.
  const { name } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { name: string };
  return {
    ...others,
    metadata: { ...metadata, component: { ...metadata.component, name } },
    components: kept,
    dependencies: dependencies
      .filter(({ ref }) => known.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => known.has(other)) })),
  };
}
