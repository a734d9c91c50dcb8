import { readFileSync } from 'node:fs';
import { defaultConfiguration } from '../configuration.ts';
import type { Configuration } from '../configuration.ts';
import { CannotServe } from './cannot-serve.ts';
import { watchFile } from './watched-file.ts';

export interface ConfigurationFile {
  /** The last good one. */
  current(): Configuration;
  /** From here on the file is read again when it changes; a text that cannot be used changes nothing. */
  follow(on: {
    readonly read: (configuration: Configuration) => void;
    readonly refused: (problems: readonly string[]) => void;
  }): void;
  stop(): void;
}

/** Without a path the built-in configuration, which never changes. Throws CannotServe where the file cannot be used. */
export async function openConfigurationFile(path: string | undefined): Promise<ConfigurationFile> {
  if (path === undefined)
    return { current: () => defaultConfiguration, follow: () => undefined, stop: () => undefined };
  // The libraries behind it take a tenth of a second to load, so they are loaded only for a file.
  const { parseConfiguration, problemText } = await import('../config.ts');
  const text = readText(path);
  const parsed = parseConfiguration(text);
  if (parsed.kind === 'invalid')
    throw new CannotServe([`${path} cannot be used:`, ...parsed.problems.map(problemText)].join('\n  '));
  let current = parsed.configuration;
  let stop: (() => void) | undefined;
  return {
    current: () => current,
    follow: ({ read, refused }) => {
      const watched = watchFile(path, text, {
        text: (changed) => {
          const next = parseConfiguration(changed);
          if (next.kind === 'invalid') {
            refused(next.problems.map(problemText));
            return;
          }
          current = next.configuration;
          read(current);
        },
        failure: (message) => {
          refused([message]);
        },
      });
      stop = () => {
        watched.stop();
      };
    },
    stop: () => stop?.(),
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CannotServe(`the config file cannot be read: ${message}`, { cause: error });
  }
}
