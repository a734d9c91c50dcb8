import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ProgressState } from '../../../src/agent/restore/progress.ts';
import {
  bytesText,
  progressBar,
  progressIntervalMs,
  progressText,
  startProgress,
} from '../../../src/agent/restore/progress.ts';

describe('progress', () => {
  it('is told while nothing flows, too, and at the end', async () => {
    const told: ProgressState[] = [];
    const progress = startProgress(100, (state) => told.push(state), 20);
    progress.add(40);
    await sleep(100);
    progress.add(60);
    progress.end();
    const count = told.length;
    expect(count).toBeGreaterThan(2);
    expect(told[0]?.done).toBe(40);
    expect(told.at(-1)?.done).toBe(100);
    await sleep(60);
    expect(told).toHaveLength(count);
  });

  it('is told at least each 10 s', () => {
    expect(progressIntervalMs).toBeLessThan(10_000);
  });

  it('says bytes, share and rate', () => {
    expect(progressText({ done: 1.5 * 2 ** 30, total: 3 * 2 ** 30, elapsedMs: 3_000 })).toBe(
      '1.5 GiB of 3.0 GiB (50 %), 512.0 MiB/s',
    );
    expect(progressText({ done: 0, total: 0, elapsedMs: 0 })).toBe('0 B of 0 B (100 %), 0 B/s');
  });

  it('draws a bar that fits a narrow terminal', () => {
    const bar = progressBar({ done: 410 * 2 ** 40, total: 1000 * 2 ** 40, elapsedMs: 1e9 });
    expect(bar).toBe('[########------------]  41 %  410.0 TiB of 1000.0 TiB  429.9 MiB/s');
    expect(bar.length).toBeLessThan(80);
  });

  it('counts in binary units', () => {
    expect([0, 1023, 1024, 5 * 2 ** 20].map(bytesText)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 MiB']);
  });
});
