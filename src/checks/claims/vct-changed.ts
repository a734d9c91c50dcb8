import { isList, isObject, objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { Json, JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { parseQuantity } from '../../workload/quantity.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { claimTemplateField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

/**
 * Fields: spec.volumeClaimTemplates.
 * Allowed: on UPDATE, the same templates. What the apiserver fills in (apiVersion, kind, status, volumeMode) is no change.
 */
export const vctChanged: Check = {
  id: 'vct-changed',
  severity: 'deny',
  summary: 'The claim templates of a set that exists are changed.',
  because:
    'Kubernetes refuses it too, with a text that names no way out, and people then delete the set with its pods to make the change.',
  instead:
    'To grow a disk: change spec.resources of the claims themselves. To change the template: `kubectl delete statefulset NAME --cascade=orphan`, which keeps pods and claims, and apply the new one.',
  noEscape: 'Kubernetes refuses the change whatever we say.',
  coversLeftAlone: true,
  examineChange({ before, after }) {
    const was = templatesOf(before);
    const is = templatesOf(after);
    if (isSame(was, is)) return noObservations;
    const names = [...new Set([...was.map(nameOf), ...is.map(nameOf)])];
    return names.flatMap((name) => {
      const difference = differenceOf(was.find(isNamed(name)), is.find(isNamed(name)));
      return difference === undefined ? [] : [observe(after, name, difference)];
    });
  },
};

function observe(after: PostgresWorkload, name: string, { seen, way }: Difference): Observation {
  return {
    field: claimTemplateField(name),
    message: `claim template ${quoted(name)} ${seen}; wanted the templates as they are, since they cannot change. ${way(after)}`,
  };
}

interface Difference {
  readonly seen: string;
  readonly way: (set: PostgresWorkload) => string;
}

function differenceOf(was: JsonObject | undefined, is: JsonObject | undefined): Difference | undefined {
  if (was === undefined) return { seen: 'is new', way: recreate };
  if (is === undefined) return { seen: 'is gone', way: recreate };
  const [old, now] = [storageOf(was), storageOf(is)];
  if (!sameQuantity(old, now)) {
    return {
      seen: `asks for ${quoted(now)} in place of ${quoted(old)}`,
      way: () => 'Change spec.resources of the claims themselves.',
    };
  }
  return sameTemplate(was, is) ? undefined : { seen: 'differs from the one that is there', way: recreate };
}

function recreate({ namespace, name }: PostgresWorkload): string {
  return `To replace them: kubectl delete statefulset ${printable(name)} -n ${printable(namespace)} --cascade=orphan, then apply.`;
}

function sameTemplate(was: JsonObject, is: JsonObject): boolean {
  return isSame(comparable(was), comparable(is));
}

/** Metadata that the apiserver compares, and the claim's spec without the quantity, which was compared as one. */
function comparable(template: JsonObject): JsonObject {
  const { labels = {}, annotations = {} } = objectAt(template, 'metadata');
  const spec = objectAt(template, 'spec');
  return {
    labels,
    annotations,
    spec: { ...spec, volumeMode: spec['volumeMode'] ?? 'Filesystem', resources: undefined },
  };
}

/** The order of keys is no difference. */
function isSame(was: Json | undefined, is: Json | undefined): boolean {
  if (was === is) return true;
  if (isList(was)) return isList(is) && was.length === is.length && was.every((item, index) => isSame(item, is[index]));
  if (!isObject(was) || !isObject(is)) return JSON.stringify(was) === JSON.stringify(is);
  const keys = Object.keys(was);
  return (
    keys.length === Object.keys(is).length && keys.every((key) => Object.hasOwn(is, key) && isSame(was[key], is[key]))
  );
}

function templatesOf(workload: PostgresWorkload): readonly JsonObject[] {
  return objectsAt(objectAt(workload.object, 'spec'), 'volumeClaimTemplates');
}

function nameOf(template: JsonObject): string {
  return textAt(objectAt(template, 'metadata'), 'name') ?? '';
}

function isNamed(name: string): (template: JsonObject) => boolean {
  return (template) => nameOf(template) === name;
}

/** A quantity may be written as a number, too. */
function storageOf(template: JsonObject): string {
  const storage = objectAt(objectAt(objectAt(template, 'spec'), 'resources'), 'requests')['storage'];
  return typeof storage === 'number' ? String(storage) : typeof storage === 'string' ? storage : '';
}

function sameQuantity(was: string, is: string): boolean {
  return was === is || (parseQuantity(was) !== undefined && parseQuantity(was) === parseQuantity(is));
}
