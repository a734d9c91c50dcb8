import type { FamilyId } from '../../workload/image-family.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: a tag that names a version, or a digest.
 */
export const imageLatest: Check = {
  id: 'image-latest',
  severity: 'deny',
  summary: 'The image has no tag, or the tag `latest`.',
  because:
    'A pod that moves to another node pulls whatever is newest by then. The next major refuses to start on the old data, at three in the morning, with nobody having changed anything.',
  instead:
    'A tag with the version that runs (`SHOW server_version`), minor version and operating system with it: postgres:17.6-bookworm.',
  examine({ server }) {
    const image = server?.image;
    if (server === undefined || image === undefined || image.digest !== undefined) return noObservations;
    if (image.tag !== undefined && image.tag !== 'latest') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `image ${quoted(image.text)} has ${image.tag === undefined ? 'no tag' : 'the tag latest'}; wanted a version. ${remedy(server)}`,
      },
    ];
  },
};

/** A tag that the image really has: each maker counts in its own way. */
function remedy(server: ServerContainer): string {
  const { family } = server;
  // An own build has only the name of the stock image.
  const example = family.startArguments === undefined ? undefined : examples[family.id];
  if (isFrom18(server)) {
    const only = example === undefined ? '' : `, such as ${example.from18}`;
    return `Write a tag of PostgreSQL 18 or newer${only}: the mount fits no older image.`;
  }
  return example === undefined
    ? 'Write the tag of the version that runs (SHOW server_version).'
    : `Write a tag such as ${example.upTo17}, of the version that runs (SHOW server_version).`;
}

/** The mount, or a PGDATA that is said, is where images have it from 18 on (docker-library/postgres#1259): no older one is meant. */
function isFrom18({ data }: ServerContainer): boolean {
  return data.ofAnyMajor || Number(/^\/var\/lib\/postgresql\/(\d{2})\/docker$/.exec(data.path)?.[1]) >= 18;
}

const examples: Partial<Readonly<Record<FamilyId, { readonly upTo17: string; readonly from18: string }>>> = {
  postgres: { upTo17: '17.6-bookworm', from18: '18.1-bookworm' },
  postgis: { upTo17: '17-3.5', from18: '18-3.6' },
  pgvector: { upTo17: '0.8.1-pg17-bookworm', from18: '0.8.1-pg18-bookworm' },
  timescaledb: { upTo17: '2.22.1-pg17', from18: '2.23.0-pg18' },
};
