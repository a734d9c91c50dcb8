import { objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { storedVariable } from '../workload/stored-form.ts';

const reference = /\$\(([^)]+)\)/g;

/**
 * The container's variables that `texts` name as `$(NAME)`, and those that these name in turn, in the container's order:
 * a value that is copied to another container means nothing there without them.
 */
export function referencedEnvironment(container: JsonObject, texts: readonly string[]): readonly JsonObject[] {
  const wanted = namesBehind(container, texts);
  if (wanted.size === 0) return [];
  return objectsAt(container, 'env')
    .filter((entry) => wanted.has(textAt(entry, 'name') ?? ''))
    .map(storedVariable);
}

/** Whether one of those names is not in `env`, so that `envFrom` has it if anything does. */
export function namesBeyondEnvironment(container: JsonObject, texts: readonly string[]): boolean {
  const wanted = namesBehind(container, texts);
  if (wanted.size === 0) return false;
  const own = new Set(objectsAt(container, 'env').map((entry) => entry['name']));
  return [...wanted].some((name) => !own.has(name));
}

const noNames: ReadonlySet<string> = new Set();

function namesBehind(container: JsonObject, texts: readonly string[]): ReadonlySet<string> {
  if (!texts.some((text) => text.includes('$('))) return noNames;
  const entries = objectsAt(container, 'env');
  const wanted = new Set<string>();
  const open = [...texts];
  for (let text = open.pop(); text !== undefined; text = open.pop()) {
    for (const [, name = ''] of text.matchAll(reference)) {
      if (wanted.has(name)) continue;
      wanted.add(name);
      open.push(...entries.filter((entry) => entry['name'] === name).map((entry) => textAt(entry, 'value') ?? ''));
    }
  }
  return wanted;
}
