import { claimTemplateKey, mountPathKey, nameKey, portKey } from '../plan/named-list.ts';
import type { KeyOf } from '../plan/named-list.ts';
import type { Plan } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import type { Json, JsonObject } from '../workload/json.ts';

/**
 * What somebody changed in injected parts, by name: "init container pgusher-backup". `seen` is what the request has,
 * `stored` what it should have.
 *
 * Not an edit is what every client-side apply of the user's own file does to values of the user's that we changed and to
 * lists without names: all of our args gone, PGDATA and the grace period as the user has them, claim templates gone, and
 * our hook gone from in front of the user's (`hasOwnHook`).
 */
export function handEdits(stored: Plan, seen: Plan, { hasOwnHook }: { hasOwnHook: boolean }): readonly string[] {
  const edits = [
    ...editedItems(stored.initContainers, seen.initContainers, nameKey, 'init container'),
    ...editedItems(stored.volumes, seen.volumes, nameKey, 'volume'),
  ];
  if (edits.length === 0 && !isSameOrder(stored.initContainers, seen.initContainers))
    edits.push('order of init containers');
  for (const claim of seen.claimTemplates) {
    const name = claimTemplateKey(claim);
    const was = stored.claimTemplates.find((item) => claimTemplateKey(item) === name);
    if (was !== undefined && !sameJson(was, claim)) edits.push(`claim template ${name ?? ''}`);
  }
  const [old, server] = [stored.server, seen.server];
  if (old === undefined || server === undefined) return edits;
  edits.push(
    ...editedItems(old.volumeMounts, server.volumeMounts, mountPathKey, 'mount'),
    ...editedItems(old.env, server.env, nameKey, 'variable'),
    ...editedItems(old.ports, server.ports, portKey, 'port'),
  );
  if (!sameJson(old.startupProbe, server.startupProbe)) edits.push('startup probe');
  if (!sameJson(old.readinessProbe, server.readinessProbe)) edits.push('readiness probe');
  const isHookLeftOut = server.preStop === undefined && hasOwnHook;
  if (!isHookLeftOut && !sameJson(old.preStop, server.preStop)) edits.push('preStop hook');
  if (server.args.length > 0 && !sameJson(old.args, server.args)) edits.push('arguments');
  return edits;
}

function isSameOrder(stored: readonly JsonObject[], seen: readonly JsonObject[]): boolean {
  return stored === seen || stored.every((item, index) => nameKey(item) === nameKey(seen[index] ?? {}));
}

function editedItems(
  stored: readonly JsonObject[],
  seen: readonly JsonObject[],
  keyOf: KeyOf,
  what: string,
): readonly string[] {
  if (stored === seen) return [];
  const wanted = new Map(stored.map((item) => [keyOf(item), item]));
  const found = new Map(seen.map((item) => [keyOf(item), item]));
  const names = [...new Set([...wanted.keys(), ...found.keys()])];
  return names.filter((name) => !sameJson(wanted.get(name), found.get(name))).map((name) => `${what} ${name ?? ''}`);
}

/**
 * `stored`, made of the request's own values where those are the same. Nothing of them is then compared again, neither
 * here nor when the patch is made.
 */
export function inValuesOf(seen: Plan, stored: Plan): Plan {
  const [old, server] = [stored.server, seen.server];
  return {
    ...stored,
    initContainers: same(seen.initContainers, stored.initContainers),
    volumes: same(seen.volumes, stored.volumes),
    claimTemplates: same(seen.claimTemplates, stored.claimTemplates),
    server:
      old === undefined || server === undefined
        ? old
        : {
            ...old,
            env: same(server.env, old.env),
            volumeMounts: same(server.volumeMounts, old.volumeMounts),
            ports: same(server.ports, old.ports),
            startupProbe: same(server.startupProbe, old.startupProbe),
            readinessProbe: same(server.readinessProbe, old.readinessProbe),
          },
  };
}

function same<Value extends Json | undefined>(seen: Value, stored: Value): Value {
  return sameJson(seen, stored) ? seen : stored;
}
