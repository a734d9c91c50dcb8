import { readImageVersion } from '../../workload/image-version.ts';
import { isLegacyTimeZone } from '../../workload/legacy-time-zones.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: timezone and log_timezone in command and args of the Postgres container and in postgres.io/parameters, against the image.
 * Allowed: names that Debian's package tzdata has; old ones (US/Pacific, Japan) on images of bookworm and before, and of Alpine.
 */
export const timeZoneMissing: Check = {
  id: 'time-zone-missing',
  severity: 'deny',
  summary: 'The image has no data of the time zone.',
  because:
    'The server does not start: `invalid value for parameter "TimeZone"`. Debian moved old names to the package tzdata-legacy with trixie, and the official image does not install it.',
  instead: 'The name by region and city, such as America/Los_Angeles for US/Pacific.',
  examine({ server }) {
    if (server === undefined) return noObservations;
    const said = names.filter((name) => server.parameters.has(name));
    if (said.length === 0) return noObservations;
    const release = debianRelease(server);
    if (release === 'older') return noObservations;
    return said.flatMap((name) => {
      const parameter = server.parameters.get(name);
      if (parameter === undefined || !isLegacyTimeZone(parameter.value)) return [];
      const field = parameterField(server, parameter);
      const seen = `${name} is ${quoted(parameter.value)}, an old name; wanted region and city, such as Europe/Berlin`;
      return [
        release === 'trixie'
          ? { field, message: `${seen}. Images of trixie have no data of it.` }
          : {
              field,
              message: `${seen}. Images of trixie have no data of it, and such a tag is of trixie.`,
              severity: 'warn' as const,
            },
      ];
    });
  },
};

const names = ['timezone', 'log_timezone'];

/** Tags without a release moved on to trixie in August 2025 (docker-library/postgres#1363). */
function debianRelease({ image, family }: ServerContainer): 'trixie' | 'open' | 'older' {
  if (family.id !== 'postgres') return 'older';
  const { operatingSystem } = readImageVersion(image, family);
  if (operatingSystem === undefined) return 'open';
  return operatingSystem === 'trixie' ? 'trixie' : 'older';
}
