import { derivedSchedule, nextRun } from '../workload/schedule-syntax.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import type { ManifestObject } from './manifest-objects.ts';

const shown = 3;

/** When the schedule comes due next, by the clocks of its zone and in UTC: what it means is seen at once. */
export function nextBackups(
  { settings }: PostgresWorkload,
  where: ManifestObject,
  now: Date,
): readonly (readonly string[])[] {
  const { backup, backupSchedule, backupTimeZone } = settings.values;
  if (!backup) return [];
  const schedule = backupSchedule ?? derivedSchedule(where.namespace, where.name);
  const runs: Date[] = [];
  for (let last = now; runs.length < shown;) {
    const next = nextRun(schedule, backupTimeZone, last);
    if (next === null) break;
    runs.push(next);
    last = next;
  }
  return runs.map((run) => [clockText(run, backupTimeZone), `${run.toISOString().slice(0, 16)}Z`]);
}

/** `Mon 2026-11-30 02:30 Europe/Berlin`. */
function clockText(run: Date, timeZone: string): string {
  const day = new Intl.DateTimeFormat('en', { timeZone, weekday: 'short' }).format(run);
  // Swedish writes dates as ISO 8601 does.
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(run);
  return `${day} ${clock} ${timeZone}`;
}
