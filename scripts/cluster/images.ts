import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../../src/version.ts';
import { unlessThere } from './built-once.ts';
import { command } from './command.ts';
import { pauseImage } from './configuration.ts';
import { buildah, environment, prepareStorage } from './image-storage.ts';
import { containerd } from './node.ts';
import { places } from './places.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const agentMajor = 17;

/** The two that a release has. */
export const productImages = {
  webhook: `ghcr.io/pgusher/pgusher:${version}`,
  agent: `ghcr.io/pgusher/pgusher-agent:${version}`,
} as const;

/** Of examples/ and test/scenarios/: the name, and the Debian suite that has that PostgreSQL. */
const servers = [
  { name: 'docker.io/library/postgres:17.6-bookworm', suite: 'trixie', major: 17 },
  { name: 'docker.io/library/postgres:15.14-bookworm', suite: 'bookworm', major: 15 },
] as const;
const nodeImage = 'docker.io/library/node:24-bookworm-slim';

/** Of whom the agent's image has pg_rewind: here of those two. */
const furtherServers = [13, 14, 15, 16, 17, 18].map(
  (major) => [major, (servers.find((server) => server.major === major) ?? servers[0]).name] as const,
);

/** What the two are built on. */
export const baseImages = { webhook: nodeImage, agent: servers[0].name } as const;

/**
 * Images of this machine's Debian packages under the names of the real ones, since a test needs no registry then. What an image is made
 * from is in a second name of it, so that one that is there already is not built again.
 */
export async function buildStandIns(programs: string): Promise<void> {
  prepareStorage();
  const script = join(import.meta.dirname, 'stand-in-image.sh');
  const build = (args: readonly string[]): Promise<string> => command('sh', [script, ...args], { environment });
  const recipe = [script, join(root, 'test/support/official-image')];
  for (const { name, suite, major } of servers) {
    const files = await fileSystem(suite);
    await unlessThere(name, 'stand-in', [...recipe, join(files, 'var/lib/dpkg/status')], async (tag) => {
      await build(['postgres', tag, files, String(major)]);
    });
  }
  const files = await fileSystem('bookworm');
  const npm = realpathSync(join(realpathSync(await programPath('npm')), '..', '..'));
  const node = join(root, 'node_modules/node/bin/node');
  await unlessThere(nodeImage, 'stand-in', [script, join(root, 'node_modules/node/package.json')], async (tag) => {
    await build(['node', tag, files, existsSync(node) ? node : process.execPath, npm]);
  });
  await unlessThere(pauseImage, 'stand-in', [join(programs, 'pause')], async (tag) => {
    await build(['pause', tag, join(programs, 'pause')]);
  });
}

/** Both targets of the Dockerfile. */
export async function buildProductImages(): Promise<void> {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8');
  const context = [...ignored.matchAll(/^!(.+)$/gm)].map(([, path]) => join(root, path ?? ''));
  const npm = await npmSettings();
  for (const target of ['webhook', 'agent'] as const) {
    await unlessThere(productImages[target], 'built', [join(root, 'Dockerfile'), ...context], async (tag) => {
      await buildah(
        ...['bud', '--quiet', '--isolation', 'chroot', '--pull-never', '--layers', '--target', target, '--tag', tag],
        ...['--build-arg', `POSTGRES_MAJOR=${agentMajor}`, '--build-arg', `POSTGRES_IMAGE=${servers[0].name}`],
        ...furtherServers.flatMap(([major, image]) => ['--build-arg', `POSTGRES_${major}_IMAGE=${image}`]),
        ...['--build-arg', `VERSION=${version}`],
        ...npm.flatMap((volume) => ['--volume', volume]),
        root,
      );
    });
  }
}

/** The webhook of this checkout as a later version, which renders otherwise: for the scenario of an upgrade. */
export async function buildNextVersion(name: string, next: string): Promise<void> {
  const script = join(import.meta.dirname, 'stand-in-image.sh');
  await command('sh', [script, 'next', name, productImages.webhook, version, next], { environment });
}

/** Hands every image that containerd does not have yet, or has in another version, to it. */
export async function loadImages(): Promise<void> {
  const record = join(places.containerd, 'pgusher-images.json');
  const loaded = existsSync(record) ? (JSON.parse(readFileSync(record, 'utf8')) as Record<string, string>) : {};
  const there = new Set((await containerd(['images', 'list', '--quiet'])).split('\n'));
  for (const name of [...servers.map((server) => server.name), pauseImage, ...Object.values(productImages)]) {
    const id = await imageId(name);
    if (there.has(name) && loaded[name] === id) continue;
    await loadImage(name);
    loaded[name] = id;
    writeFileSync(record, JSON.stringify(loaded));
  }
}

/** One image out of the builder's storage. */
export async function loadImage(name: string): Promise<void> {
  const archive = join(places.run, 'image.tar');
  rmSync(archive, { force: true });
  await command('skopeo', ['copy', '--quiet', `containers-storage:${name}`, `docker-archive:${archive}:${name}`], {
    environment,
  });
  await containerd(['images', 'import', archive]);
  rmSync(archive);
}

async function imageId(name: string): Promise<string> {
  return (await buildah('inspect', '--type', 'image', '--format', '{{.FromImageID}}', name)).trim();
}

/** The file system of a Debian suite, made the first time. */
async function fileSystem(suite: string): Promise<string> {
  return (await command('sh', [join(root, 'test/support/debian-postgres.sh'), suite])).trim();
}

async function programPath(name: string): Promise<string> {
  return (await command('sh', ['-c', `command -v ${name}`])).trim();
}

/** npm in the image reaches the registry as npm here does, trusts whom this machine trusts, and finds what was fetched before. */
async function npmSettings(): Promise<readonly string[]> {
  const setting = async (key: string): Promise<string> => (await command('npm', ['config', 'get', key])).trim();
  const settings = join(places.run, 'npmrc');
  const trusted = '/etc/ssl/certs/ca-certificates.crt';
  const lines = [`registry=${await setting('registry')}`];
  for (const key of ['proxy', 'https-proxy']) {
    const value = await setting(key);
    if (value !== 'null') lines.push(`${key}=${value}`);
  }
  if (existsSync(trusted)) lines.push(`cafile=${trusted}`);
  mkdirSync(places.run, { recursive: true });
  writeFileSync(settings, lines.join('\n'));
  return [
    `${await setting('cache')}:/root/.npm`,
    `${settings}:/root/.npmrc:ro`,
    ...(existsSync(trusted) ? [`${trusted}:${trusted}:ro`] : []),
  ];
}
