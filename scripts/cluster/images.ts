import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../../src/version.ts';
import { command, tryCommand } from './command.ts';
import { pauseImage } from './configuration.ts';
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

const environment = { CONTAINERS_STORAGE_CONF: join(places.storage, 'storage.conf') };

const buildah = (...args: readonly string[]): Promise<string> => command('buildah', args, { environment });

/**
 * Images of this machine's Debian packages under the names of the real ones, since a test needs no registry then. What an image is made
 * from is in a second name of it, so that one that is there already is not built again.
 */
export async function buildStandIns(programs: string): Promise<void> {
  mkdirSync(places.storage, { recursive: true });
  writeFileSync(
    environment.CONTAINERS_STORAGE_CONF,
    `[storage]\ndriver = "overlay"\ngraphroot = "${join(places.storage, 'images')}"\nrunroot = "${join(places.sockets, 'storage')}"\n`,
  );
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

/** Builds under a name that holds a hash of what it is made from, and gives that image its proper name. */
async function unlessThere(
  name: string,
  kind: string,
  sources: readonly string[],
  build: (tag: string) => Promise<void>,
): Promise<void> {
  const repository = `localhost/pgusher-${kind}-${(name.split('/').at(-1) ?? name).replace(':', '-')}`;
  const tag = `${repository}:${hashOf(sources)}`;
  const isThere = await buildah('inspect', '--type', 'image', tag).then(
    () => true,
    () => false,
  );
  if (!isThere) await build(tag);
  await buildah('tag', tag, name);
  if (isThere) return;
  // Each change of the sources makes one; they would fill the disk. One that another image is made from stays.
  const names = (await buildah('images', '--format', '{{.Name}}:{{.Tag}}')).split('\n');
  for (const old of names.filter((other) => other.startsWith(`${repository}:`) && other !== tag)) {
    await tryCommand('buildah', ['rmi', old], { environment });
  }
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).toSorted()) add(join(path, entry));
    } else {
      hash.update(`${relative(root, path)}\0`).update(readFileSync(path));
    }
  };
  for (const path of paths) add(path);
  return hash.digest('hex').slice(0, 16);
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
