import { parse, stringify } from 'yaml';
import { fieldSteps } from '../../src/manifests/field-steps.ts';

/**
 * The part of a manifest that a finding's field names, as YAML: the way down to it and nothing beside it.
 * undefined where the field is not in the manifest.
 */
export function fieldExcerpt(manifest: string, field: string): string | undefined {
  const object: unknown = parse(manifest);
  const excerpt = descend(object, fieldSteps(field));
  return excerpt === undefined ? undefined : stringify(excerpt, { lineWidth: 0 }).trimEnd();
}

function descend(value: unknown, [step, ...rest]: readonly string[]): unknown {
  if (step === undefined) return value;
  if (Array.isArray(value)) {
    const entry: unknown = value.find((candidate: unknown) => isNamed(candidate, step));
    const found = descend(entry, rest);
    if (found === undefined || rest.length === 0) return found === undefined ? undefined : [found];
    return [typeof found === 'object' ? { ...identity(entry), ...found } : found];
  }
  if (!isMap(value) || value[step] === undefined) return undefined;
  const found = descend(value[step], rest);
  return found === undefined ? undefined : { [step]: found };
}

function isNamed(entry: unknown, name: string): boolean {
  return Object.values(identity(entry)).some(
    (value) => String(value) === name || (isMap(value) && value['name'] === name),
  );
}

/** What an entry of a list is known by. */
function identity(entry: unknown): Readonly<Record<string, unknown>> {
  if (!isMap(entry)) return {};
  if (isMap(entry['metadata'])) return { metadata: { name: entry['metadata']['name'] } };
  return Object.fromEntries(
    ['name', 'mountPath', 'containerPort']
      .map((key) => [key, entry[key]] as const)
      .filter(([, value]) => value !== undefined),
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
