import { statfs } from 'node:fs/promises';
import { usedSpace } from './used-space.ts';

export interface FreeSpace {
  /** Bytes that this user may still write. */
  readonly free: number;
  readonly total: number;
}

/** The kubelet looks at an emptyDir now and then, and evicts the pod of one that is larger than it may be: a tenth stays free. */
const usable = 0.9;

/** Bytes that are put into a folder of that limit at most. */
export function roomIn(limit: number): number {
  return Math.floor(limit * usable);
}

/** @param limit of a folder that may hold no more than that, whatever its file system has. */
export async function readFreeSpace(path: string, limit: number | null = null): Promise<FreeSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  const [free, total] = [bavail * bsize, blocks * bsize];
  if (limit === null) {
    return { free, total };
  }
  const most = roomIn(limit);
  return { free: Math.max(0, Math.min(free, most - (await usedSpace(path)))), total: Math.min(total, most) };
}

/** `1.2 GB`, in powers of ten as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ''}`;
}
