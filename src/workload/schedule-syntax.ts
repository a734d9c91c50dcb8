import { Cron } from 'croner';

/** Any moment will do: what runs at all runs within the years that croner looks ahead. */
const someMoment = new Date(Date.UTC(2026, 0, 1));

/** A number, a name, `*` or `?`, a range, a step; in lists. None of the letters and signs that croner has besides (`L`, `W`, `#`, `+`). */
const fieldPattern = /^(?:(?:[*?]|[0-9]{1,2}|[a-z]{3})(?:-(?:[0-9]{1,2}|[a-z]{3}))?(?:\/[0-9]{1,2})?(?:,(?!$)|$))+$/i;

/** The last of minutes, hours, days of the month, months, and days of the week, which a CronJob counts from 0 to 6. */
const lastOf = [59, 23, 31, 12, 6];

/**
 * Five fields of cron that come due at some time (`0 0 30 2 *` never does), as a CronJob of Kubernetes reads them (robfig/cron v3,
 * ParseStandard), and 7 for Sunday as well.
 */
export function isSchedule(text: string): boolean {
  if (
    text.length > 100 ||
    !text
      .trim()
      .split(/\s+/)
      .every((field) => fieldPattern.test(field))
  )
    return false;
  try {
    return readCron(text, 'UTC').nextRun(someMoment) !== null;
  } catch {
    return false;
  }
}

/**
 * The first run after a moment; null where there is none. An hour that the clocks skip runs when they go on, one that they have twice once.
 * @throws where the schedule or the zone cannot be read.
 */
export function nextRun(schedule: string, timeZone: string, after: Date): Date | null {
  return readCron(schedule, timeZone).nextRun(after);
}

/** @throws where it cannot be read. */
function readCron(schedule: string, timezone: string): Cron {
  const fields = schedule.trim().split(/\s+/).map(forCroner);
  return new Cron(fields.join(' '), { mode: '5-part', timezone, paused: true });
}

/** What croner reads in another way than a CronJob: `*\/1` is each as `*` is, and `5/15` goes on to the last. */
function forCroner(field: string, index: number): string {
  return field
    .split(',')
    .map((part) => part.replace(/^[*?]\/0*1$/, '*').replace(/^([0-9]+|[a-z]{3})\//i, `$1-${lastOf[index] ?? ''}/`))
    .join(',');
}

/**
 * Whether more than seven days pass between two runs. Only for what `isSchedule` takes. In all months, days of the week come each
 * week (beside days of the month, either will do); days of the month are counted; what else there is, is tried for a year.
 */
export function isRarerThanWeekly(text: string): boolean {
  const [, , dayOfMonth = '*', month = '*', dayOfWeek = '*'] = text.trim().split(/\s+/).map(forCroner);
  if (month === '*' && (isOpen(dayOfMonth) || !isOpen(dayOfWeek))) return false;
  const days = month === '*' ? plainDays(dayOfMonth) : undefined;
  return days === undefined ? triedGap(text) > week : longestGap(days) > week;
}

const week = 7;

function isOpen(field: string): boolean {
  return field === '*' || field === '?';
}

/** `1,15`, `2-9`, `*\/5`; undefined for what is none of them. */
function plainDays(field: string): readonly number[] | undefined {
  const parts = field.split(',').map((part) => /^(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:\/([0-9]{1,2}))?$/.exec(part));
  if (parts.some((part) => part === null)) return undefined;
  return Array.from({ length: 31 }, (_, index) => index + 1).filter((day) =>
    parts.some((part) => {
      const [, first, last, step] = part ?? [];
      const from = Number(first ?? 1);
      const to = Number(last ?? first ?? 31);
      return day >= from && day <= to && (day - from) % Number(step ?? 1) === 0;
    }),
  );
}

/** Over the end of a month of any length; a month may have none of the days. */
function longestGap(days: readonly number[]): number {
  const gaps = [28, 29, 30, 31].flatMap((length) => {
    const own = days.filter((day) => day <= length);
    return own.map((day, index) => (own[index + 1] ?? length + (days[0] ?? length)) - day);
  });
  return gaps.length === 0 ? Infinity : Math.max(...gaps);
}

/** In days, from the end of one day with runs to the next run. */
function triedGap(text: string): number {
  const cron = readCron(text, 'UTC');
  const end = someMoment.getTime() + 366 * dayMilliseconds;
  let longest = 0;
  for (let moment = someMoment.getTime(); moment < end && longest <= week;) {
    const next = cron.nextRun(new Date(moment))?.getTime() ?? Infinity;
    longest = (next - moment) / dayMilliseconds;
    moment = Math.ceil((next + 1) / dayMilliseconds) * dayMilliseconds - 1000;
  }
  return longest;
}

const dayMilliseconds = 86_400_000;

/**
 * Daily, at a minute and an hour that depend on nothing but the names, so that a cluster's backups do not all start at
 * once and every render of one set gives the same schedule.
 */
export function derivedSchedule(namespace: string, name: string): string {
  const minuteOfDay = fnv1a(`${namespace}/${name}`) % (24 * 60);
  return `${minuteOfDay % 60} ${Math.floor(minuteOfDay / 60)} * * *`;
}

/** FNV-1a, 32 bit: spreads short names well and needs no library. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
