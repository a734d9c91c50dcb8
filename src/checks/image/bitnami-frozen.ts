import type { ImageReference } from '../../workload/image-reference.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: image of the Postgres container.
 * Allowed: a mirror of one's own, `bitnamilegacy`, or another image. The tags with versions left docker.io/bitnami in
 * September 2025 (bitnami/containers#83267); `latest` stayed.
 */
export const bitnamiFrozen: Check = {
  id: 'bitnami-frozen',
  severity: 'warn',
  summary: 'The image is no longer where its name says.',
  because:
    'A node that does not have it yet cannot pull it: the pod that moves there, after a drain or a failure, does not start.',
  instead: 'The stock image, filled by pg_dump; until then docker.io/bitnamilegacy/postgresql, which gets no fixes.',
  coversLeftAlone: true,
  examine({ server }) {
    const image = server?.image;
    if (server === undefined || image === undefined || !isGone(image)) return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `image ${quoted(image.text)} left docker.io/bitnami; wanted one that can be pulled. Write ${quoted(`bitnamilegacy/${image.text.replace(/^.*bitnami\//, '')}`)} for now.`,
      },
    ];
  },
};

const hub = new Set([undefined, 'docker.io', 'index.docker.io', 'registry-1.docker.io']);

function isGone({ registry, repository, tag }: ImageReference): boolean {
  return (
    hub.has(registry) && /^bitnami\/postgresql(?:-repmgr)?$/.test(repository) && tag !== undefined && tag !== 'latest'
  );
}
