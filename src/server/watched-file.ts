import { readFile } from 'node:fs/promises';

export interface WatchedFile {
  stop(): void;
}

/**
 * Reads a file every few seconds and calls `onText` when its text is another one than before, `onFailure` when it cannot be read. By
 * content, since a mounted ConfigMap is swapped by a symbolic link above the file, which a watch on the file does not see.
 */
export function watchFile(
  path: string,
  first: string,
  on: { readonly text: (text: string) => void; readonly failure: (message: string) => void },
  interval = 5_000,
): WatchedFile {
  let last = first;
  const look = async (): Promise<void> => {
    try {
      const text = await readFile(path, 'utf8');
      if (text === last) return;
      last = text;
      on.text(text);
    } catch (error) {
      on.failure(error instanceof Error ? error.message : String(error));
    }
  };
  const timer = setInterval(() => void look(), interval);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
