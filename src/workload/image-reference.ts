/** `registry/repository:tag@digest` in its parts (distribution reference grammar). */
export interface ImageReference {
  /** As written. */
  readonly text: string;
  /** With port where there is one; undefined where none is written. */
  readonly registry: string | undefined;
  /** Path without registry: `library/postgres`, `timescale/timescaledb-ha`, `postgres`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const registryPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/;
const pathPartPattern = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
/** The algorithms that container runtimes know, each of its length (OCI image specification, descriptor.md, "Digests"). */
const digestPattern = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/** The limit on the path, with the `library/` that runtimes put before a name of Docker Hub (distribution/reference). */
const longestPath = 255;

/** undefined where `text` is no image reference, so that no container runtime would take it. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [named = '', digest, more] = text.split('@');
  if (more !== undefined || (digest !== undefined && !digestPattern.test(digest))) return undefined;

  // A colon after the last slash starts the tag; one before it belongs to the registry's port.
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) return undefined;

  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const registry = slash > 0 && isRegistry(first) ? first : undefined;
  const repository = registry === undefined ? name : name.slice(slash + 1);
  if (registry !== undefined && !registryPattern.test(registry)) return undefined;
  if (!repository.split('/').every((part) => pathPartPattern.test(part))) return undefined;
  const path = registry === undefined && !repository.includes('/') ? `library/${repository}` : repository;
  // Sixty-four hexadecimal digits are the id of an image, which is no name.
  if (path.length > longestPath || /^[0-9a-f]{64}$/.test(name)) return undefined;
  return { text, registry, repository, tag, digest };
}

/** How the first part of a name is told from a folder: a dot, a port, `localhost`, or letters that no folder may have. */
function isRegistry(part: string): boolean {
  return /[.:]/.test(part) || part === 'localhost' || part !== part.toLowerCase();
}
