import { CannotServe } from '../server/cannot-serve.ts';
import { serve } from './serve.ts';
import type { Served, ServeOptions } from './serve.ts';

const exitCodes = { fine: 0, usage: 2, stoppedAtOnce: 130 } as const;

/** The command: serves until SIGTERM or SIGINT and resolves to the exit code. A second signal ends it without waiting. */
export async function serveUntilSignal(options: ServeOptions, report: (line: string) => void): Promise<number> {
  // Listened for from the beginning: whoever reads "listening" may send one before the next line here is run.
  const first = nextSignal();
  let served: Served;
  try {
    served = await serve(options);
  } catch (error) {
    if (!(error instanceof CannotServe)) throw error;
    report(error.message);
    return exitCodes.usage;
  }
  await first;
  const second = nextSignal().then(() => {
    served.close();
    return exitCodes.stoppedAtOnce;
  });
  return Promise.race([served.drain().then(() => exitCodes.fine), second]);
}

async function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      process.off('SIGTERM', settle);
      process.off('SIGINT', settle);
      resolve();
    };
    process.on('SIGTERM', settle);
    process.on('SIGINT', settle);
  });
}
