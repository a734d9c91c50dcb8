import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { containerField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** `19beta2`, `19rc1-trixie`, `pg19rc1`, `19-beta1`, `19devel`. */
const prerelease = /(?:^|[-_])v?(?:pg)?[0-9]{1,2}[-.]?((?:alpha|beta|rc)[0-9]*|devel)(?![a-z])/;

/**
 * Fields: image of the Postgres container.
 * Allowed: a release. A release that becomes a beta, rc or devel build of its own major is refused: catalogs change until the release,
 * and a server takes no data of another catalog version (PostgreSQL manual 18.6; CATALOG_VERSION_NO). Of images that are not known nothing can be said.
 */
export const imagePrerelease: Check = {
  id: 'image-prerelease',
  severity: 'warn',
  summary: 'The image is a beta or a release candidate of PostgreSQL.',
  because:
    'What it writes, the release may not read: "database files are incompatible with server", with nothing but a dump as the way on. And a release\'s data does not open with a beta.',
  instead: 'A release, such as postgres:18.1-trixie.',
  examine({ server }, { operation }) {
    const build = prereleaseOf(server);
    if (server === undefined || build === undefined || operation === 'UPDATE') return noObservations;
    return [
      {
        field: containerField(server.name, 'image'),
        message: `image ${quoted(server.image?.text ?? '')} is no release (${build}); wanted one. Its data may be of no use to the release.`,
      },
    ];
  },
  examineChange({ before, after }) {
    const [from, to] = [prereleaseOf(before.server), prereleaseOf(after.server)];
    const { server } = after;
    if (server?.major === undefined || before.server?.major !== server.major || from === to) return noObservations;
    const field = containerField(server.name, 'image');
    const image = quoted(server.image?.text ?? '');
    if (to !== undefined && from === undefined && before.server.image?.tag !== undefined)
      return [
        {
          field,
          severity: 'deny',
          message: `image becomes ${image}, no release (${to}), over the data of a release; wanted a release. Write the tag that was there.`,
        },
      ];
    if (from === undefined) return noObservations;
    return [
      {
        field,
        message: `image becomes ${image} over the data of ${from}; wanted a dump of it first. The server may refuse its files.`,
      },
    ];
  },
};

/** `beta2`, `rc1`, `devel`; undefined for a release, and where nothing can be told. */
export function prereleaseOf(server: ServerContainer | undefined): string | undefined {
  if (server?.major === undefined || server.family.id === 'unknown') return undefined;
  const found = prerelease.exec(server.image?.tag ?? '')?.[1];
  return found;
}
