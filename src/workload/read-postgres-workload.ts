import { detectServer } from './container-detection.ts';
import { dataSwitch, readDataDirectory } from './data-directory.ts';
import { readResources } from './effective-resources.ts';
import { readSecurity } from './effective-security.ts';
import { readEnvironment, referenceExpander } from './environment.ts';
import { familyOf } from './image-family.ts';
import { parseImageReference } from './image-reference.ts';
import { majorFromTag } from './image-version.ts';
import type { JsonObject } from './json.ts';
import { isObject, numberAt, objectAt, objectsAt, textAt, textMapAt, textsAt } from './json.ts';
import { readMounts } from './mount.ts';
import type { PostgresWorkload, PreStopHook, ServerContainer } from './postgres-workload.ts';
import { readParameters, readPort } from './server-parameters.ts';
import { readServerStart } from './server-start.ts';
import { readSwitches } from './server-switches.ts';
import type { Settings } from './settings.ts';
import { unreadableFields } from './unreadable-field.ts';
import { readWalDirectory } from './wal-directory.ts';

/**
 * Reads a StatefulSet, whatever is in it; never throws. `namespace` comes from the request, since the object may lack it.
 */
export function readPostgresWorkload(object: JsonObject, settings: Settings, namespace: string): PostgresWorkload {
  const metadata = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const podSpec = objectAt(objectAt(spec, 'template'), 'spec');
  const unreadable = unreadableFields(object);
  const detection =
    unreadable.length > 0 ? { kind: 'unreadable' as const, fields: unreadable } : detectServer(podSpec, settings);
  const container =
    detection.kind === 'found'
      ? objectsAt(podSpec, 'containers').find((candidate) => (textAt(candidate, 'name') ?? '') === detection.container)
      : undefined;
  return {
    namespace,
    name: textAt(metadata, 'name') ?? textAt(metadata, 'generateName') ?? '',
    object,
    podSpec,
    labels: textMapAt(metadata, 'labels'),
    annotations: textMapAt(metadata, 'annotations'),
    settings,
    replicas: numberAt(spec, 'replicas') ?? 1,
    graceSeconds: numberAt(podSpec, 'terminationGracePeriodSeconds'),
    detection,
    server: container === undefined ? undefined : readServer(container, podSpec, spec, settings),
  };
}

function readServer(container: JsonObject, podSpec: JsonObject, spec: JsonObject, settings: Settings): ServerContainer {
  const { values } = settings;
  const image = parseImageReference(textAt(container, 'image') ?? '');
  const family = familyOf(image);
  const major = values.version ?? majorFromTag(image, family);
  const environment = readEnvironment(container);
  const command = textsAt(container, 'command');
  const args = textsAt(container, 'args');
  const expand = referenceExpander(environment);
  // Without a command and arguments of the manifest's own it is started with what the image has.
  const started = command.length === 0 && args.length === 0 ? (family.startArguments ?? []) : args;
  const start = readServerStart(command.map(expand), started.map(expand));
  const invocations = start.invocations.map(readSwitches);
  const switches = {
    parameters: invocations.flatMap(({ parameters }) => parameters),
    directory: invocations.findLast(({ directory }) => directory !== undefined)?.directory,
  };
  const mounts = readMounts(container, podSpec, spec);
  const data = dataSwitch(switches, family, mounts);
  const switched = data === undefined ? switches.parameters : [...switches.parameters, data];
  const parameters = readParameters(switched, command.length, environment.get('PGPORT'), values.parameters);
  return {
    name: textAt(container, 'name') ?? '',
    container,
    image,
    family,
    major,
    data: readDataDirectory({
      annotation: values.dataDirectory,
      argument: data?.value,
      environment,
      expand,
      family,
      major,
      mounts,
    }),
    wal: readWalDirectory(environment, expand, mounts),
    environment,
    command,
    args,
    start: start.form,
    parameters,
    port: readPort(parameters),
    mounts,
    security: readSecurity(container, podSpec),
    resources: readResources(container, podSpec),
    preStop: readPreStop(container),
    probes: {
      startup: probeAt(container, 'startupProbe'),
      liveness: probeAt(container, 'livenessProbe'),
      readiness: probeAt(container, 'readinessProbe'),
    },
  };
}

function readPreStop(container: JsonObject): PreStopHook {
  const hook = objectAt(objectAt(container, 'lifecycle'), 'preStop');
  const form = Object.keys(hook).find((key) => isObject(hook[key]));
  if (form === undefined) return { kind: 'none' };
  return form === 'exec'
    ? { kind: 'exec', command: textsAt(objectAt(hook, 'exec'), 'command') }
    : { kind: 'other', form };
}

/** An empty probe is none: the apiserver refuses it. */
function probeAt(container: JsonObject, name: string): JsonObject | undefined {
  const probe = objectAt(container, name);
  return Object.keys(probe).length === 0 ? undefined : probe;
}
