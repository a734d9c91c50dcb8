import type { DataDirectory, Mount, ServerContainer, ServerParameter } from '../workload/postgres-workload.ts';
import { printable } from './shown-text.ts';

/** Paths as people say them: list entries by name, since indexes move when somebody adds one above. */

export const podSpecField = 'spec.template.spec';

export type ContainerList = 'containers' | 'initContainers';

export function containerField(name: string, rest: string, list: ContainerList = 'containers'): string {
  return `${podSpecField}.${list}[${printable(name)}].${rest}`;
}

export function environmentField(container: string, name: string, list: ContainerList = 'containers'): string {
  return containerField(container, `env[${printable(name)}].value`, list);
}

export function annotationField(annotation: string): string {
  return `metadata.annotations[${printable(annotation)}]`;
}

export function claimTemplateField(name: string): string {
  return `spec.volumeClaimTemplates[${printable(name)}]`;
}

export function volumeField(name: string): string {
  return `${podSpecField}.volumes[${printable(name)}]`;
}

export function mountField(server: ServerContainer, mount: Mount): string {
  return containerField(server.name, `volumeMounts[${printable(mount.mountPath)}]`);
}

/** Where PGDATA was said; the container's mounts where nobody said it. */
export function dataDirectoryField(server: ServerContainer): string {
  const fields: Readonly<Record<DataDirectory['from'], string>> = {
    'data-directory-annotation': annotationField('postgres.io/data-directory'),
    PGDATA: environmentField(server.name, 'PGDATA'),
    arguments: containerField(server.name, 'args'),
    'image-family': containerField(server.name, 'volumeMounts'),
  };
  return fields[server.data.from];
}

export function parameterField(server: ServerContainer, parameter: ServerParameter): string {
  const fields: Readonly<Record<ServerParameter['from'], string>> = {
    args: containerField(server.name, 'args'),
    command: containerField(server.name, 'command'),
    'parameters-annotation': annotationField('postgres.io/parameters'),
    environment: containerField(server.name, 'env'),
    initdb: environmentField(server.name, 'POSTGRES_INITDB_ARGS'),
  };
  return fields[parameter.from];
}
