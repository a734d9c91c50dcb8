import { annotationPrefix } from './annotation-name.ts';
import { isObject, objectAt, objectsAt, textAt } from './json.ts';
import type { JsonObject } from './json.ts';

/** Variables that say how a server is set up, and are no secret. */
const keptValues: readonly string[] = ['PGDATA', 'PGPORT'];

/**
 * What stays in memory of a managed StatefulSet, for requests that name one and do not hold it (statefulsets/scale): what the user and
 * pgusher wrote, without status and bookkeeping. The value of a variable may be a password, so it goes but for those above.
 */
export function keptSet(object: JsonObject): JsonObject {
  const { name, namespace, labels, annotations } = objectAt(object, 'metadata');
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  return {
    apiVersion: object['apiVersion'],
    kind: 'StatefulSet',
    metadata: { name, namespace, labels, annotations: isObject(annotations) ? ours(annotations) : annotations },
    spec: { ...spec, template: { ...template, spec: withoutValues(objectAt(template, 'spec')) } },
  };
}

/** Others may be as long as the whole manifest, which kubectl keeps in one. */
function ours(annotations: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith(annotationPrefix)));
}

function withoutValues(pod: JsonObject): JsonObject {
  const lists = ['initContainers', 'containers'].filter((list) => list in pod);
  return { ...pod, ...Object.fromEntries(lists.map((list) => [list, objectsAt(pod, list).map(withoutValue)])) };
}

function withoutValue(container: JsonObject): JsonObject {
  if (!('env' in container)) return container;
  const env = objectsAt(container, 'env').map((variable) =>
    'value' in variable && !keptValues.includes(textAt(variable, 'name') ?? '') ? { ...variable, value: '' } : variable,
  );
  return { ...container, env };
}
