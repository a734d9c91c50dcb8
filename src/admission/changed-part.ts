import { bookkeeping } from '../pinning/bookkeeping.ts';
import type { Operation } from '../plan/json-patch.ts';
import { isList } from '../plan/same-json.ts';
import { isObject, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import { parseQuantity } from '../workload/quantity.ts';

/** One value of ours that somebody behind us changed. */
export interface ChangedValue {
  /** By names: `spec.template.spec.initContainers[pgusher-backup].resources.limits.memory`. */
  readonly field: string;
  readonly seen: string;
  readonly wanted: string;
}

/**
 * Whether putting `object` right by `operation` is worth a refusal. It is not where only what was written down about the parts differs: they are
 * what would be rendered for the object as it is, without a field that the apiserver dropped because the cluster has it
 * switched off. Nor where a policy gave our containers more of a resource than we ask for.
 */
export function isHarm(operation: Operation, object: JsonObject): boolean {
  if (operation.op === 'remove') return false;
  const steps = stepsOf(operation.path);
  const last = steps.at(-1) ?? '';
  if (operation.op === 'replace' && steps.at(-2) === 'annotations' && written.has(last)) return false;
  const amount = steps.slice(0, 3).join('.') === 'spec.template.spec' && isAmount(steps.slice(3));
  return !(amount && isMore(valueAt(object, steps), operation.value));
}

/** Of our containers, and of /dev/shm, whose size follows the memory that the server has. */
function isAmount([list, , ...rest]: readonly string[]): boolean {
  if (list === 'volumes') return rest.join('.') === 'emptyDir.sizeLimit';
  return list === 'initContainers' && rest[0] === 'resources' && rest.length === 3;
}

const written: ReadonlySet<string> = new Set(Object.values(bookkeeping));

function isMore(seen: Json | undefined, wanted: Json): boolean {
  const [has, asked] = [seen, wanted].map((value) => (typeof value === 'string' ? parseQuantity(value) : undefined));
  return has !== undefined && asked !== undefined && has >= asked;
}

/** undefined where it is no single value that differs. */
export function changedValue(operation: Operation, object: JsonObject): ChangedValue | undefined {
  if (operation.op !== 'replace') return undefined;
  const steps = stepsOf(operation.path);
  const [seen, wanted] = [valueAt(object, steps), operation.value].map(shown);
  return seen === undefined || wanted === undefined ? undefined : { field: fieldOf(object, steps), seen, wanted };
}

function shown(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function valueAt(object: JsonObject, steps: readonly string[]): Json | undefined {
  let value: Json | undefined = object;
  for (const step of steps) value = child(value, step);
  return value;
}

function child(value: Json | undefined, step: string): Json | undefined {
  if (isList(value)) return value[Number(step)];
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function fieldOf(object: JsonObject, steps: readonly string[]): string {
  let value: Json | undefined = object;
  let field = '';
  for (const step of steps) {
    const item = child(value, step);
    field += isList(value)
      ? `[${(isObject(item) ? (textAt(item, 'name') ?? textAt(item, 'mountPath')) : undefined) ?? step}]`
      : `${field === '' ? '' : '.'}${step}`;
    value = item;
  }
  return field;
}
