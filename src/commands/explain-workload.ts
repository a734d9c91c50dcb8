import type { DetectionSign, Detection, PostgresWorkload, ServerContainer } from '../workload/postgres-workload.ts';
import { isReplaced } from '../workload/server-start.ts';
import { section } from './table-text.ts';
import type { Colour } from './terminal.ts';

/** What the StatefulSet was understood to say, and by which sign. */
export function explainWorkload({ detection, server, replicas }: PostgresWorkload, colour: Colour): string {
  const rows = [
    ['container', containerText(detection)],
    ...(server === undefined ? [] : serverRows(server)),
    ['replicas', String(replicas)],
  ];
  return section('Postgres', rows, colour);
}

function serverRows(server: ServerContainer): readonly string[][] {
  return [
    ['image', server.image?.text ?? 'cannot be read'],
    ['family', server.family.id],
    ['version', server.major === undefined ? 'not told by the image; PG_VERSION decides' : String(server.major)],
    ['data directory', `${server.data.path}, from ${dataSource[server.data.from]}`],
    ['on', mountText(server)],
    ['started', startText(server)],
    ['port', String(server.port)],
  ];
}

const dataSource = {
  'data-directory-annotation': 'the annotation data-directory',
  PGDATA: 'PGDATA',
  arguments: 'the arguments',
  'image-family': 'the image family',
} as const;

const signs: Readonly<Record<DetectionSign, string>> = {
  annotation: 'the annotation container',
  'only-container': 'the only container',
  'image-family': 'its image',
  'port-5432': 'port 5432',
  'postgres-environment': 'POSTGRES_* in its environment',
  'data-mount': 'a mount for data',
};

function containerText(detection: Detection): string {
  switch (detection.kind) {
    case 'found':
      return `${detection.container} (${detection.because.map((sign) => signs[sign]).join('; ')})`;
    case 'ambiguous':
      return `cannot be told: ${detection.candidates.join(', ')} all look like it`;
    case 'named-but-absent':
      return `"${detection.wanted}" is not one of ${detection.containers.join(', ')}`;
    case 'none':
      return `none of ${detection.containers.join(', ')} looks like it`;
    case 'unreadable':
      return `not looked for: ${detection.fields[0]?.field ?? ''} cannot be read`;
  }
}

function mountText({ data }: ServerContainer): string {
  const { mount } = data;
  if (mount === undefined) return 'no volume: lost with the container';
  const subPath = mount.subPath === undefined ? '' : `, sub-path ${mount.subPath}`;
  return `volume ${mount.name} (${mount.source.kind}) at ${mount.mountPath}${subPath}`;
}

function shellText(replaced: boolean | undefined): string {
  if (replaced === undefined) return 'by a shell that may stay in front of it';
  return replaced ? 'by a shell that it replaces' : 'by a shell that stays in front of it';
}

function startText({ start, family }: ServerContainer): string {
  switch (start.kind) {
    case 'entrypoint':
      return "by the image's entrypoint";
    case 'direct':
      return start.bypassesEntrypoint
        ? "directly, without the image's entrypoint"
        : 'by the entrypoint that command names';
    case 'shell':
      return shellText(isReplaced(start, family.sh));
    case 'other':
      return `by ${start.program}`;
  }
}
