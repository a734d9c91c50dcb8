import { hasEnded } from '../checks/policy.ts';
import type { CheckPolicy } from '../checks/policy.ts';
import { utcDay } from '../utc-day.ts';

interface Told {
  stop(): void;
}

/** Often enough for a day that passes. */
const interval = 3_600_000;

/**
 * An exemption that has ended counts for nothing, and whoever wrote it learns of it by the next apply that is refused. So it is
 * said: once for a file that was read, and when its day passes.
 */
export function tellEndedExemptions(
  { exemptions }: CheckPolicy,
  log: { warn(fields: Readonly<Record<string, unknown>>, message: string): void },
): Told {
  const untold = new Set(exemptions);
  const look = (): void => {
    const today = utcDay();
    for (const exemption of untold) {
      if (!hasEnded(exemption, today)) continue;
      const { check, namespace, name, until } = exemption;
      log.warn({ check, namespace, name, until }, 'an exemption has ended and counts for nothing');
      untold.delete(exemption);
    }
  };
  look();
  const timer = setInterval(look, interval);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
