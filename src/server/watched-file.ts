import { readFile } from 'node:fs/promises';

export interface WatchedFile {
  stop(): void;
}

/**
 * Reads a file every few seconds and calls `text` when its text is another one than before, `failure` when it cannot be read. By
 * content, since a mounted ConfigMap is swapped by a symbolic link above the file, which a watch on the file does not see.
 */
export function watchFile(
  path: string,
  first: string,
  on: { readonly text: (text: string) => void; readonly failure: (message: string) => void },
  interval = 5_000,
): WatchedFile {
  let last = first;
  /** Said once for as long as it is the same. */
  let failure: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const text = await readFile(path, 'utf8');
      // After a failure the same text is news too: whoever was told of the one wants to be told of the other.
      if (text === last && failure === undefined) return;
      last = text;
      failure = undefined;
      on.text(text);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message === failure) return;
      failure = message;
      on.failure(message);
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
