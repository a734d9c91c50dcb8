import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import { isObject, numberAt, objectAt, textAt } from '../workload/json.ts';
import type { JsonObject } from '../workload/json.ts';
import { ApiFailure, describeFailure, statusOf } from './api-failure.ts';
import { listObjects, metadataOfEach } from './list-objects.ts';

/** Who keeps what a watch sees. */
export interface WatchSink {
  /** Everything that there is. */
  replace(objects: readonly JsonObject[]): void;
  put(object: JsonObject): void;
  remove(object: JsonObject): void;
  /** `synced` after each list; the others until the next one, whatever was known before. */
  state(state: 'synced' | 'not-synced' | 'forbidden'): void;
}

export interface WatchOptions {
  readonly config: KubeConfig;
  /** As `/api/v1/namespaces`. */
  readonly path: string;
  readonly sink: WatchSink;
  /** For one object, as a right to a name alone allows it (Kubernetes, RBAC, "Referring to resources"). */
  readonly name?: string;
  /** `metadata`: nothing else of an object leaves the apiserver. */
  readonly part?: 'whole' | 'metadata';
  readonly onError: (message: string) => void;
  /** Milliseconds before the next try after the first failure; each further one doubles them, up to a minute. */
  readonly retry?: number;
  /** Milliseconds after which everything is listed again, whatever the watch said. */
  readonly resync?: number;
}

const longestPause = 60_000;

/** Lists and watches until it is stopped. Does not wait for the first list, and never throws. */
export function watchObjects(options: WatchOptions): { stop(): void } {
  const stopping = new AbortController();
  void run(options, stopping.signal);
  return {
    stop: () => {
      stopping.abort();
    },
  };
}

async function run(options: WatchOptions, stopped: AbortSignal): Promise<void> {
  const { sink, retry = 1_000, resync = 600_000 } = options;
  let failures = 0;
  let began = 0;
  while (!stopped.aborted) {
    try {
      began = Date.now();
      const { objects, resourceVersion } = await listObjects(
        options.config,
        options.path,
        options.part ?? 'whole',
        selecting(options),
      );
      if (isAborted(stopped)) return;
      sink.replace(objects);
      sink.state('synced');
      await watchFrom(options, resourceVersion, Date.now() + resync, stopped);
    } catch (error) {
      if (isAborted(stopped)) return;
      // Gone: the apiserver has forgotten the version that the watch would go on from. Nothing is wrong.
      if (statusOf(error) === 410) {
        await notInACircle(began, stopped);
        continue;
      }
      sink.state(statusOf(error) === 403 ? 'forbidden' : 'not-synced');
      options.onError(describeFailure(error));
      // A list that may be read is no success where the watch behind it may not be.
      failures = Date.now() - began > longestPause ? 1 : failures + 1;
      const pause = Math.min(retry * 2 ** (failures - 1), longestPause);
      await sleep(pause, undefined, { signal: stopped, ref: false }).catch(() => undefined);
    }
  }
}

/** The flow analysis takes a signal for what it was when it was looked at last. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** An apiserver, or a proxy in front of it, that ends everything at once is asked no more than once a second. */
async function notInACircle(begun: number, stopped: AbortSignal): Promise<void> {
  const left = begun + 1_000 - Date.now();
  if (left > 0) await sleep(left, undefined, { signal: stopped, ref: false }).catch(() => undefined);
}

/** One watch after the other, until it is time to list anew. Rejects with what broke one. */
async function watchFrom(
  options: WatchOptions,
  resourceVersion: string,
  end: number,
  stopped: AbortSignal,
): Promise<void> {
  let version = resourceVersion;
  while (!stopped.aborted && Date.now() < end) {
    const begun = Date.now();
    version = await watchOnce(options, version, stopped);
    await notInACircle(begun, stopped);
  }
}

/** Resolves, when the watch ends as watches do, to where the next one goes on. */
async function watchOnce(options: WatchOptions, from: string, stopped: AbortSignal): Promise<string> {
  const { sink, path, part = 'whole' } = options;
  const config = part === 'whole' ? options.config : askingForMetadata(options.config);
  let version = from;
  let failure: ApiFailure | undefined;
  const seen = (type: string, object: unknown): void => {
    if (stopped.aborted || !isObject(object)) return;
    if (type === 'ERROR') {
      failure = new ApiFailure(
        numberAt(object, 'code') ?? 500,
        textAt(object, 'message') ?? 'the watch ended in an error',
      );
      return;
    }
    version = textAt(objectAt(object, 'metadata'), 'resourceVersion') ?? version;
    if (type === 'DELETED') sink.remove(object);
    else if (type !== 'BOOKMARK') sink.put(object);
  };
  const query = { ...selecting(options), resourceVersion: version, allowWatchBookmarks: true, timeoutSeconds: 300 };
  let request: AbortController | undefined;
  const stop = (): void => request?.abort();
  stopped.addEventListener('abort', stop);
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: unknown): void => {
        // Nothing came for half a minute, which is usual: the connection may be dead all the same, so it is made anew.
        const isQuiet = error instanceof Error && error.name === 'TimeoutError';
        if (error === null || error === undefined || isQuiet || stopped.aborted) resolve();
        else reject(error instanceof Error ? error : new Error('the watch ended in an error', { cause: error }));
      };
      new Watch(config).watch(path, query, seen, done).then((controller) => {
        request = controller;
        if (stopped.aborted) controller.abort();
      }, done);
    });
  } finally {
    stopped.removeEventListener('abort', stop);
  }
  if (failure !== undefined) throw failure;
  return version;
}

function selecting({ name }: WatchOptions): Readonly<Record<string, string>> {
  return name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
}

/** client-node asks for whole objects; its hook for credentials is the place where a request can still be changed. */
function askingForMetadata(config: KubeConfig): KubeConfig {
  const asking = new KubeConfig();
  asking.loadFromOptions(config);
  asking.applySecurityAuthentication = async (context) => {
    await config.applySecurityAuthentication(context);
    context.setHeaderParam('accept', metadataOfEach);
  };
  return asking;
}
