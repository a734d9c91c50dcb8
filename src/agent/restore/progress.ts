/** Tells how far a restore is, at least each `intervalMs` while bytes flow or not, and once at its end. */
export interface Progress {
  add(bytes: number): void;
  /** Stops telling. */
  end(): void;
}

export interface ProgressState {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}

/** Under the 10 s that a person is asked to wait for a sign of life. */
export const progressIntervalMs = 5_000;

export function startProgress(
  total: number,
  tell: (state: ProgressState) => void,
  intervalMs = progressIntervalMs,
): Progress {
  const startedAt = performance.now();
  let done = 0;
  const report = (): void => {
    tell({ done, total, elapsedMs: performance.now() - startedAt });
  };
  const timer = setInterval(report, intervalMs);
  return {
    add: (bytes) => {
      done += bytes;
    },
    end: () => {
      clearInterval(timer);
      report();
    },
  };
}

/** `1.2 GiB of 3.7 GiB (32 %), 310.0 MiB/s` */
export function progressText(state: ProgressState): string {
  const share = state.total === 0 ? 100 : Math.min(100, Math.floor((state.done / state.total) * 100));
  const rate = state.elapsedMs === 0 ? 0 : (state.done / state.elapsedMs) * 1000;
  return `${bytesText(state.done)} of ${bytesText(state.total)} (${share} %), ${bytesText(rate)}/s`;
}

/** `[########------------]  40 %  1.5 GiB of 3.7 GiB  310.0 MiB/s`; never wider than 80 columns. */
export function progressBar(state: ProgressState): string {
  const width = 20;
  const share = state.total === 0 ? 1 : Math.min(1, state.done / state.total);
  const full = Math.floor(share * width);
  const rate = state.elapsedMs === 0 ? 0 : (state.done / state.elapsedMs) * 1000;
  return `[${'#'.repeat(full)}${'-'.repeat(width - full)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(state.done)} of ${bytesText(state.total)}  ${bytesText(rate)}/s`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
