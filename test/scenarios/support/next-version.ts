import { buildNextVersion, loadImage } from '../../../scripts/cluster/images.ts';

/** The webhook of this checkout, with another version and another startup probe: what a release might bring. */
export const nextVersion = {
  image: 'ghcr.io/pgusher/pgusher:next',
  version: '99.0.0',
  load: async (): Promise<void> => {
    await buildNextVersion(nextVersion.image, nextVersion.version);
    await loadImage(nextVersion.image);
  },
} as const;
