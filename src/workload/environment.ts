import type { Json, JsonObject } from './json.ts';
import { objectAt, objectsAt, textAt } from './json.ts';
import type { EnvironmentValue } from './postgres-workload.ts';

export type Environment = ReadonlyMap<string, EnvironmentValue>;

/**
 * `env` of a container by name; where a name is written twice the later one counts, as for the kubelet. Each value may refer to those
 * before it, and to nothing behind it (Kubernetes, "Define dependent environment variables").
 */
export function readEnvironment(container: JsonObject): Environment {
  const environment = new Map<string, EnvironmentValue>();
  let room = mostText;
  for (const entry of objectsAt(container, 'env')) {
    const name = textAt(entry, 'name');
    if (name === undefined) continue;
    const read = readValue(entry);
    if (read.kind !== 'value' || !read.written.includes('$')) {
      environment.set(name, read);
      continue;
    }
    const value = substitute(read.written, environment, Math.min(room, longestText));
    room = Math.max(0, room - value.length);
    environment.set(name, { ...read, value });
  }
  return environment;
}

function readValue(entry: JsonObject): EnvironmentValue {
  const valueFrom = objectAt(entry, 'valueFrom');
  if (Object.keys(valueFrom).length === 0) {
    const written = textAt(entry, 'value') ?? '';
    return { kind: 'value', value: written, written };
  }
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
  return (text) => (text.includes('$') ? substitute(text, environment, longestText) : text);
}

/** Put together from other variables alone. An empty text is none of those. */
export function isOnlyReferences(text: string): boolean {
  return /^(?:\$\([^()]+\))+$/.test(text);
}

/** `referenceExpander` for one text. */
export function expandReferences(text: string, environment: Environment): string {
  return referenceExpander(environment)(text);
}

/** Values that double one another would fill the memory: beyond what anybody writes, references stay as written. */
const longestText = 16_384;
const mostText = 1_048_576;

/** Up to the next `)` everything is the name, as for the kubelet (k8s.io/kubernetes third_party/forked/golang/expansion). */
function substitute(text: string, environment: Environment, most: number): string {
  let room = most;
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (written, name: string | undefined) => {
    if (name === undefined) return '$';
    const entry = environment.get(name);
    if (entry?.kind !== 'value' || entry.value.length > room) return written;
    room -= entry.value.length;
    return entry.value;
  });
}
