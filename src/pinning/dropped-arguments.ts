import { nameKey } from '../plan/named-list.ts';
import { isObject, listAt, objectAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { Stripped } from './strip.ts';
import { putBack } from './take-out.ts';

/**
 * The request, where somebody dropped a part of our arguments by hand: what is left of them is ours as before, and not the
 * user's own, which would be rendered around and restart the pods. For an UPDATE that stays managed: where the label goes,
 * what is left may as well be what the user's file says.
 */
export function withDroppedArguments(requested: Stripped, stored: Stripped | undefined): Stripped {
  const ours = stored?.injected?.server?.args ?? [];
  const server = requested.injected?.server;
  if (stored === undefined || server === undefined || server.args.length > 0 || ours.length === 0) return requested;

  const users = listAt(serverOf(stored.object, server.container), 'args');
  // Without `postgres` in front of it, which we wrote, it is a list that the user wrote.
  const start = stored.revision?.program === true ? ['postgres'] : users;
  const list = listAt(serverOf(requested.object, server.container), 'args');
  const left = list.slice(start.length);
  if (left.length === 0 || !start.every((item, index) => list[index] === item) || !isPartOf(left, ours))
    return requested;
  return {
    ...requested,
    object: withServer(requested.object, server.container, (container) =>
      putBack(container, 'args', users, 'args', stored.revision),
    ),
    injected: requested.injected && {
      ...requested.injected,
      server: { ...server, args: left.filter((item) => typeof item === 'string') },
    },
  };
}

/** Whether all of `list` is in `ours`, in their order; `-c` stands and falls with what comes behind it. */
function isPartOf(list: readonly Json[], ours: readonly string[]): boolean {
  let index = 0;
  for (let from = 0; from < ours.length;) {
    const length = ours[from] === '-c' ? 2 : 1;
    const isThere = ours.slice(from, from + length).every((item, offset) => list[index + offset] === item);
    if (isThere) index += length;
    from += length;
  }
  return index === list.length;
}

function podOf(object: JsonObject): JsonObject {
  return objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
}

function serverOf(object: JsonObject, name: string): JsonObject {
  const found = listAt(podOf(object), 'containers').find((item) => isObject(item) && nameKey(item) === name);
  return isObject(found) ? found : {};
}

function withServer(object: JsonObject, name: string, change: (container: JsonObject) => JsonObject): JsonObject {
  const [spec, pod] = [objectAt(object, 'spec'), podOf(object)];
  const containers = listAt(pod, 'containers').map((item) =>
    isObject(item) && nameKey(item) === name ? change(item) : item,
  );
  const template = { ...objectAt(spec, 'template'), spec: { ...pod, containers } };
  return { ...object, spec: { ...spec, template } };
}
