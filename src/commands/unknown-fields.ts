import type { Verdict } from '../admission/admission.ts';
import type { Finding } from '../checks/check.ts';
import { printable, quoted } from '../checks/shown-text.ts';
import { isList, isObject, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { nearestName } from '../workload/nearest-name.ts';
import type { ManifestObject } from './manifest-objects.ts';
import { fieldTypes } from './stateful-set-fields.ts';

interface UnknownField {
  /** By names: `spec.template.spec.containers[postgres].imagePullpolicy`. */
  readonly field: string;
  readonly meant: string | undefined;
}

/**
 * What stands in a managed StatefulSet of a file and is no field there. kubectl refuses it (strict decoding, Kubernetes documentation,
 * "Field validation"), and what applies it without that drops it; the apiserver asks no webhook about what it dropped, so only files are
 * looked at.
 */
export function withUnknownFields({ object, kind }: ManifestObject, verdict: Verdict): Verdict {
  const isOurs = verdict.decision !== 'not-managed' && verdict.decision !== 'not-ours';
  if (kind !== 'StatefulSet' || !isOurs) return verdict;
  const found = unknownFields(object).map(findingOf);
  return found.length === 0 ? verdict : { ...verdict, allowed: false, findings: [...found, ...verdict.findings] };
}

function findingOf({ field, meant }: UnknownField): Finding {
  const name = field.slice(field.lastIndexOf('.') + 1);
  const instead = meant === undefined ? 'Remove it, or move it to where it belongs.' : `Did you mean ${quoted(meant)}?`;
  return {
    check: 'unknown-field',
    severity: 'deny',
    field,
    message: `${quoted(name)} is no field here: kubectl refuses it, and else it is dropped; wanted one that Kubernetes has. ${instead}`,
  };
}

/** Of Kubernetes 1.37, which the client that the table is made of does not know yet. */
const newer: Readonly<Record<string, readonly string[]>> = { VolumeMount: ['bindMountOptions'] };

/** In the order in which they stand. */
export function unknownFields(object: JsonObject): readonly UnknownField[] {
  return inObject(object, 'StatefulSet', '');
}

function inObject(object: JsonObject, type: string, path: string): readonly UnknownField[] {
  const fields = fieldTypes[type];
  if (fields === undefined) return [];
  return Object.entries(object).flatMap(([key, value]): readonly UnknownField[] => {
    const field = `${path === '' ? '' : `${path}.`}${printable(key)}`;
    const own = Object.hasOwn(fields, key) ? fields[key] : newer[type]?.includes(key) === true ? '' : undefined;
    if (own === undefined) return [{ field, meant: meantBy(key, Object.keys(fields)) }];
    return own === '' || value === undefined ? [] : inValue(value, own, field);
  });
}

/** Slips are looked for in `image-pull-policy`, as nearestName has it. */
function meantBy(key: string, names: readonly string[]): string | undefined {
  const inKebabCase = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  const nearest = nearestName(key, names.map(inKebabCase));
  return names.find((name) => inKebabCase(name) === nearest);
}

function inValue(value: Json, type: string, path: string): readonly UnknownField[] {
  if (isObject(value)) return inObject(value, type, path);
  if (!isList(value)) return [];
  return value.flatMap((item, index) =>
    isObject(item) ? inObject(item, type, `${path}[${nameOf(item) ?? index.toString()}]`) : [],
  );
}

/** List entries by name, as everywhere. */
function nameOf(item: JsonObject): string | undefined {
  const metadata = item['metadata'];
  const name = textAt(item, 'name') ?? (isObject(metadata) ? textAt(metadata, 'name') : undefined);
  const said = textAt(item, 'mountPath') ?? name;
  return said === undefined ? undefined : printable(said);
}
