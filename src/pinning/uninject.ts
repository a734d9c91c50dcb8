import { applyPlan } from '../plan/apply-plan.ts';
import { nameKey } from '../plan/named-list.ts';
import type { ServerChange } from '../plan/plan.ts';
import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { bookkeeping } from './bookkeeping.ts';
import { shortText } from './short-text.ts';
import { strip } from './strip.ts';
import type { Stripped } from './strip.ts';

export interface UninjectOptions {
  /**
   * The set exists. Claim templates then stay, as the apiserver refuses any change of them, and so does PGDATA where we
   * wrote it: the database is there, and the server must not look for it elsewhere. Both are the user's from then on.
   * The record stays too: `kubectl rollout undo` may bring back a template of ours, which must then be known as such.
   */
  readonly isLive: boolean;
  /** The stored object of an UPDATE. */
  readonly before?: Stripped;
}

export interface Uninjected {
  readonly object: JsonObject;
  /** PGDATA as we wrote it, where the user has written no other: it stays in a live set, and is gone from a file. */
  readonly dataDirectory: string | undefined;
}

/** The user's object as it would be without pgusher: of a file the exact inverse of injecting, bookkeeping included. */
export function uninject(object: JsonObject, { isLive, before }: UninjectOptions): Uninjected {
  const { object: user, injected, recordText } = strip(object, before);
  // The stored one says where the database is; the request may have lost it (`kubectl replace` with the user's file).
  const written = before?.injected ?? injected;
  const server = dataDirectoryOf(user, written?.server, injected?.server?.container);
  const dataDirectory = textAt(server?.env[0], 'value') ?? server?.replacedEnv[0]?.value;
  if (!isLive) return { object: user, dataDirectory };
  const released = withRecord(user, before?.recordText ?? recordText);
  if (written === undefined) return { object: released, dataDirectory };
  const { claimTemplates } = written;
  const kept = { initContainers: [], volumes: [], claimTemplates, server, pod: { graceSeconds: undefined } };
  return { object: applyPlan(released, kept), dataDirectory };
}

function withRecord(object: JsonObject, record: string | undefined): JsonObject {
  if (record === undefined) return object;
  const metadata = objectAt(object, 'metadata');
  const annotations = { ...objectAt(metadata, 'annotations'), [bookkeeping.record]: record };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** Said when it stays. */
export function dataDirectoryStays(path: string): string {
  return `PGDATA=${shortText(path, 49)} stays, since the database is there; write it into your manifest`;
}

/** What of our change of the Postgres container is PGDATA; undefined where there is none, or the user has taken it over. */
function dataDirectoryOf(
  user: JsonObject,
  written: ServerChange | undefined,
  container: string | undefined,
): ServerChange | undefined {
  if (written === undefined) return undefined;
  const pod = objectAt(objectAt(objectAt(user, 'spec'), 'template'), 'spec');
  const name = container ?? written.container;
  const server = objectsAt(pod, 'containers').find((item) => nameKey(item) === name);
  if (server === undefined) return undefined;

  const own = objectsAt(server, 'env').find((item) => nameKey(item) === 'PGDATA');
  const env = written.env.filter((item) => nameKey(item) === 'PGDATA' && own === undefined);
  const replacedEnv = written.replacedEnv.filter((item) => item.name === 'PGDATA' && item.was === textAt(own, 'value'));
  if (env.length === 0 && replacedEnv.length === 0) return undefined;
  return {
    container: name,
    env,
    replacedEnv,
    volumeMounts: [],
    args: [],
    ports: [],
    startupProbe: undefined,
    readinessProbe: undefined,
    preStop: undefined,
  };
}
