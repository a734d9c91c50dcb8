import { textAt } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import type { Settings } from '../../workload/settings.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { containerField, podSpecField } from '../field-path.ts';
import { listed, quoted } from '../shown-text.ts';

/**
 * Fields: spec.template.spec.containers, image of the Postgres container, postgres.io/container, version, run-as.
 * Allowed: a container that is recognised as Postgres or named, whose major version and owner are known. Of an image with variables that
 * somebody fills in later only that is said.
 */
export const imageUnknown: Check = {
  id: 'image-unknown',
  severity: 'deny',
  summary: 'It cannot be said which container is Postgres, or which Postgres it is.',
  because:
    'What is injected must fit the server: PGDATA, the uid that owns it and the major version. A guess that is wrong backs up nothing, or hands the data directory to another user.',
  instead: '`postgres.io/container`, `postgres.io/version` and `postgres.io/run-as`, whichever the message asks for.',
  noEscape: 'the annotations that it asks for are the way out.',
  neverRatcheted: true,
  examine({ detection, server, settings }) {
    if (detection.kind === 'none') return [nothingLikePostgres(detection.containers)];
    if (server === undefined || server.family.treatment === 'left-alone') return noObservations;
    return [...majorMissing(server), ...ownerMissing(server, settings)];
  },
};

function nothingLikePostgres(containers: readonly string[]): Observation {
  const seen =
    containers.length === 0 ? 'there is no container' : `none of ${listed(containers.map(quoted))} looks like Postgres`;
  return {
    field: `${podSpecField}.containers`,
    message: `${seen}; wanted one that runs Postgres. Name it: postgres.io/container: <container>.`,
  };
}

/** `latest` and a digest alone are seen by checks of their own. */
function majorMissing(server: ServerContainer): readonly Observation[] {
  const { image, family, major } = server;
  if (image === undefined && major === undefined) return [unfilled(server)];
  if (major !== undefined || image?.tag === 'latest' || (image !== undefined && image.tag === undefined)) return [];
  const seen = family.id === 'unknown' ? 'is not known as Postgres' : 'does not tell which version it is';
  return [
    {
      field: containerField(server.name, 'image'),
      message: `image ${quoted(imageText(server))} ${seen}; wanted the major version. Write postgres.io/version: "17", or what it is.`,
    },
  ];
}

/** `postgres:${TAG}`: no runtime pulls it, so it is filled in before it is applied, and nothing can be said of it before. */
function unfilled(server: ServerContainer): Observation {
  const text = imageText(server);
  const instead = /[$<%]/.test(text)
    ? 'wanted it as it is applied. Fill in its variables, or write postgres.io/version: "17", or what it is.'
    : 'wanted one that a node can pull. Write one such as postgres:17.6-bookworm.';
  return {
    field: containerField(server.name, 'image'),
    message: `${quoted(text)} is not the name of an image; ${instead}`,
  };
}

/** As written, also where it is no image's name. */
export function imageText({ image, container }: ServerContainer): string {
  return image?.text ?? textAt(container, 'image') ?? '';
}

/** The uid matters where the pod leaves it to an image that starts as root and steps down to a user of its own. */
function ownerMissing(server: ServerContainer, settings: Settings): readonly Observation[] {
  const { family, image, major, security } = server;
  if (image === undefined && major === undefined) return [];
  const isKnown = !family.ownerIsAGuess || settings.values.runAs !== undefined || (security.runAsUser ?? 0) !== 0;
  if (isKnown) return [];
  return [
    {
      field: containerField(server.name, 'image'),
      message: `image ${quoted(imageText(server))} hides its user of Postgres; wanted postgres.io/run-as: "${family.uid}:${family.gid}", or what \`id postgres\` says in it.`,
      // Of a known image the uid is known too, as far as its builds go.
      ...(family.id === 'unknown' ? {} : { severity: 'warn' }),
    },
  ];
}
