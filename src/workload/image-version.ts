import type { ImageFamily } from './image-family.ts';
import { newestMajor } from './newest-major.ts';
import type { ImageReference } from './image-reference.ts';

/** What a tag says about the PostgreSQL in the image, and how firmly. */
export interface ImageVersion {
  readonly major: number | undefined;
  readonly minor: number | undefined;
  /** `trixie`, `bookworm`, `bullseye`, `alpine3.22`, `alpine` …; undefined where the tag leaves it open. */
  readonly operatingSystem: string | undefined;
  /**
   * What may change under the same reference: with `digest` nothing, with `minor` the operating system's patches, with
   * `major` also PostgreSQL's minor version and the operating system, with `nothing` everything.
   */
  readonly pinnedTo: 'digest' | 'minor' | 'major' | 'nothing';
}

const operatingSystemPattern = /(?:^|[-.])(trixie|bookworm|bullseye|buster|alpine(?:3\.[0-9]+)?)(?=$|[-.])/;

/** `pg17`, `0.8.0-pg17-trixie`, `2.17.2-pg17`, `pg17.2-ts2.17`: said by pgvector and both of Timescale's. */
const prefixedPattern = /(?:^|[-_])pg([0-9]{1,2})(?:\.([0-9]{1,3}))?(?![0-9])/;

/**
 * `17`, `17.6-bookworm`, `18rc1`, `17-3.5` (PostGIS), `9.6.24`. From 10 on a third number is of somebody's own counting (`14.2.1`), as is
 * one that no release has (`2.3`, `24.04`).
 */
const officialPattern =
  /^v?(?:(9)\.([0-6])(?:\.[0-9]{1,2})?|([1-9][0-9])(?:\.(0|[1-9][0-9]?))?)(?:(?:alpha|beta|rc)[0-9]+)?(?=$|-)/;

/** `15.8.1.060` (Supabase), `17.2.0-debian-12-r3` (Bitnami): more numbers of the maker's behind PostgreSQL's. */
const leadingPattern = /^v?([0-9]{1,2})(?:\.([0-9]{1,3}))?(?![0-9])/;

/** `ubi9-17.5-2520`: operating system first. */
const crunchyPattern = /^[a-z]+[0-9]*-([0-9]{1,2})\.([0-9]{1,3})(?![0-9])/;

/** Every field undefined, pinned to nothing, where there is no reference. */
export function readImageVersion(reference: ImageReference | undefined, family: ImageFamily): ImageVersion {
  const tag = reference?.tag ?? '';
  const [major, minor] = knownVersion(versionMatch(reference, tag, family));
  const operatingSystem = operatingSystemPattern.exec(tag)?.[1];
  return {
    major: major === undefined ? undefined : Number(major),
    minor: minor === undefined ? undefined : Number(minor),
    operatingSystem: operatingSystem ?? (family.id === 'timescaledb' ? 'alpine' : undefined),
    pinnedTo: pinOf(reference, major, minor),
  };
}

/** One that is newer than the agent is a version too, and refused as such; a tag of 24 is Ubuntu's, or somebody's own. */
const majors = { first: 9, newest: newestMajor + 1 } as const;

function knownVersion(
  match: readonly (string | undefined)[] | null,
): readonly [major: string | undefined, minor: string | undefined] {
  const [major, minor] = match?.slice(1).filter((part) => part !== undefined) ?? [];
  const number = Number(major ?? 0);
  return number >= majors.first && number <= majors.newest ? [major, minor] : [undefined, undefined];
}

/** The first releases whose images refuse an empty password (docker-library/postgres#681, 2020-02-13). */
const firstStrict: Readonly<Record<string, number | undefined>> = { 12: 2, 11: 7, 10: 12, 9.6: 17, 9.5: 21, 9.4: 26 };

/** Of an image whose initialisation lets everybody in as superuser where no password is given, instead of stopping. */
export function opensWithoutPassword(reference: ImageReference | undefined, family: ImageFamily): boolean {
  const isOfficial = ['postgres', 'postgres-alpine'].includes(family.id);
  const match = /^(9\.[0-6]|1[0-2])\.([0-9]{1,2})(?=$|-)/.exec(reference?.tag ?? '');
  if (!isOfficial || match === null) return false;
  const [, line = '', release = ''] = match;
  const first = firstStrict[line];
  return first === undefined || Number(release) < first;
}

/** undefined where the tag does not tell. */
export function majorFromTag(reference: ImageReference | undefined, family: ImageFamily): number | undefined {
  return readImageVersion(reference, family).major;
}

function versionMatch(
  reference: ImageReference | undefined,
  tag: string,
  family: ImageFamily,
): readonly (string | undefined)[] | null {
  switch (family.id) {
    // Their own versions come first in the tag.
    case 'pgvector':
    case 'timescaledb':
    case 'timescaledb-ha':
      return prefixedPattern.exec(tag);
    case 'crunchy':
      return crunchyPattern.exec(tag);
    // `spilo-17:4.0-p3`: the tag counts Spilo's releases.
    case 'spilo':
      return /-([0-9]{1,2})$/.exec(reference?.repository ?? '');
    // `postgresql-16-c9s`: the tag counts their builds.
    case 'sclorg':
      return /\/postgresql-([0-9]{2})(?=$|-)/.exec(reference?.repository ?? '');
    // `release_PG17_1.6.0`, `PG16_latest`.
    case 'age':
      return /(?:^|_)PG([0-9]{1,2})_/.exec(tag);
    // A leading number may be anyone's version.
    case 'unknown':
    case 'patroni':
    case 'stolon':
    case 'citus':
    case 'pg-auto-failover':
      return prefixedPattern.exec(tag);
    case 'postgres':
    case 'postgres-alpine':
    case 'postgis':
    case 'postgis-alpine':
      return officialPattern.exec(tag) ?? prefixedPattern.exec(tag);
    case 'supabase':
    case 'immich':
    case 'bitnami':
    case 'repmgr':
    case 'cloudnative-pg':
      return leadingPattern.exec(tag) ?? prefixedPattern.exec(tag);
  }
}

function pinOf(
  reference: ImageReference | undefined,
  major: string | undefined,
  minor: string | undefined,
): ImageVersion['pinnedTo'] {
  if (reference?.digest !== undefined) return 'digest';
  if (major === undefined) return 'nothing';
  return minor === undefined ? 'major' : 'minor';
}
