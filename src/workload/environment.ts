import type { Json, JsonObject } from './json.ts';
import { objectAt, objectsAt, textAt } from './json.ts';
import type { EnvironmentValue } from './postgres-workload.ts';

export type Environment = ReadonlyMap<string, EnvironmentValue>;

/** `env` of a container by name; where a name is written twice the later one counts, as for the kubelet. */
export function readEnvironment(container: JsonObject): Environment {
  return new Map(
    objectsAt(container, 'env').flatMap((entry): readonly (readonly [string, EnvironmentValue])[] => {
      const name = textAt(entry, 'name');
      return name === undefined ? [] : [[name, readValue(entry)]];
    }),
  );
}

function readValue(entry: JsonObject): EnvironmentValue {
  const valueFrom = objectAt(entry, 'valueFrom');
  if (Object.keys(valueFrom).length === 0) return { kind: 'value', value: textAt(entry, 'value') ?? '' };
  const reference = objectAt(valueFrom, 'secretKeyRef');
  const secret = textAt(reference, 'name');
  const key = textAt(reference, 'key');
  if (secret === undefined || key === undefined) return { kind: 'other', valueFrom };
  return { kind: 'secret', secret, key, optional: isTrue(reference['optional']) };
}

function isTrue(value: Json | undefined): boolean {
  return value === true;
}

/**
 * Gives a text as the kubelet hands it to the container: `$(NAME)` replaced where `env` gives NAME a literal value, `$$`
 * a dollar (Kubernetes, "Define dependent environment variables"). What only the cluster knows stays as written.
 */
export function referenceExpander(environment: Environment): (text: string) => string {
  let values: ReadonlyMap<string, string> | undefined;
  return (text) => (text.includes('$') ? substitute(text, (values ??= literalValues(environment)), longestText) : text);
}

/** Put together from other variables alone. An empty text is none of those. */
export function isOnlyReferences(text: string): boolean {
  return /^(?:\$\([-._a-zA-Z][-._a-zA-Z0-9]*\))+$/.test(text);
}

/** `referenceExpander` for one text. */
export function expandReferences(text: string, environment: Environment): string {
  return referenceExpander(environment)(text);
}

/** As the kubelet does, each value may refer to those before it. */
function literalValues(environment: Environment): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let room = mostText;
  for (const [name, entry] of environment) {
    if (entry.kind !== 'value') continue;
    const value = substitute(entry.value, values, Math.min(room, longestText));
    room = Math.max(0, room - value.length);
    values.set(name, value);
  }
  return values;
}

/** Values that double one another would fill the memory: beyond what anybody writes, references stay as written. */
const longestText = 16_384;
const mostText = 1_048_576;

function substitute(text: string, values: ReadonlyMap<string, string>, most: number): string {
  let room = most;
  return text.replace(/\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)/g, (written, name: string | undefined) => {
    if (name === undefined) return '$';
    const value = values.get(name);
    if (value === undefined || value.length > room) return written;
    room -= value.length;
    return value;
  });
}
