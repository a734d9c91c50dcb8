import { readFile, rm } from 'node:fs/promises';
import type { DataVolumePaths } from '../decision/data-volume-paths.ts';
import { errorCode, syncDirectory, writeDurably } from '../store/durable-file.ts';

/**
 * That this pod becomes a standby anew, left on its data volume: the sidecar, which runs also where the start of the pod stops, writes it, and the
 * next start carries it out. A volume that is replaced takes its order along.
 */
export interface RebuildOrder {
  /** Of this order: one that was carried out is not carried out again. */
  readonly id: string;
  /** Pod whose copy it becomes; an order from before another promotion is given up. */
  readonly primary: string;
  /** There is no room for two: the old data may go before the copy is there. */
  readonly discard: boolean;
  /** ISO 8601. */
  readonly since: string;
}

/** What became of an order. */
export interface RebuildOutcome {
  readonly id: string;
  /**
   * `under-way`: a start carries it out. `trouble`: the order stands, and the next start tries again. `given-up`: it does not. `in-place`: carried out; the old data is there until the
   * server streams. `streams`: and gone.
   */
  readonly state: 'under-way' | 'trouble' | 'given-up' | 'in-place' | 'streams';
  /** In a sentence. */
  readonly words: string;
}

export async function writeRebuildOrder(paths: DataVolumePaths, order: RebuildOrder): Promise<void> {
  await writeDurably(paths.rebuildOrder, `${JSON.stringify(order)}\n`);
}

/** Null: there is none. @throws where it cannot be read. */
export async function readRebuildOrder(paths: DataVolumePaths): Promise<RebuildOrder | null> {
  const value = await readJson<RebuildOrder>(paths.rebuildOrder);
  if (value === null) {
    return null;
  }
  const { id, primary, discard, since } = value;
  if (typeof id !== 'string' || typeof primary !== 'string') {
    throw new Error(`${paths.rebuildOrder} cannot be read; wanted what \`pgusher rebuild\` writes. Remove it`);
  }
  return { id, primary, discard: discard === true, since: since ?? 'an unknown time' };
}

/** The order first: what became of it is there before it is forgotten. */
export async function endRebuildOrder(paths: DataVolumePaths, outcome: RebuildOutcome): Promise<void> {
  await writeRebuildOutcome(paths, outcome);
  await rm(paths.rebuildOrder, { force: true });
  await syncDirectory(paths.own);
}

export async function writeRebuildOutcome(paths: DataVolumePaths, outcome: RebuildOutcome): Promise<void> {
  await writeDurably(paths.rebuilt, `${JSON.stringify(outcome)}\n`);
}

export async function readRebuildOutcome(paths: DataVolumePaths): Promise<RebuildOutcome | null> {
  const value = await readJson<RebuildOutcome>(paths.rebuilt);
  return value?.id === undefined || value.state === undefined
    ? null
    : { words: '', ...value, id: value.id, state: value.state };
}

async function readJson<Value>(path: string): Promise<Partial<Value> | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Value>;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
