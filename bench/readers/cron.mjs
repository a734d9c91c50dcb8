// Cron expressions: what `backup-schedule` takes and when the agent then makes base backups, and what a CronJob would do (robfig/cron v3,
// ParseStandard, as the CronJob controller calls it).
import cases from './cron-cases.mjs';
import { go, product, save } from './lib.mjs';

const { isSchedule, isRarerThanWeekly, nextRun: nextTime } = await product('workload/schedule-syntax.ts');

const starts = [
  ['Europe/Berlin', '2026-11-29T12:00:00Z', 'plain'],
  ['Europe/Berlin', '2027-03-27T12:00:00Z', 'spring'],
  ['Europe/Berlin', '2027-10-30T12:00:00Z', 'autumn'],
  ['America/New_York', '2026-11-29T12:00:00Z', 'plain'],
  ['America/New_York', '2027-03-13T12:00:00Z', 'spring'],
  ['America/New_York', '2027-11-06T12:00:00Z', 'autumn'],
];
const count = 5;
const questions = cases.flatMap((schedule) => starts.map(([zone, from]) => ({ schedule, zone, from, count })));
const real = go('cron', questions);
const local = (iso, zone) =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
    weekday: undefined,
  }).format(new Date(iso)) + (zone === 'UTC' ? '' : ` (${iso.slice(8, 16)}Z)`);

const results = cases.map((schedule, index) => {
  const accepted = isSchedule(schedule);
  const runs = starts.map(([zone, from, when], at) => {
    const theirs = real[index * starts.length + at];
    const ours = [];
    if (accepted) {
      let moment = new Date(from);
      for (let run = 0; run < count; run += 1) {
        const next = nextTime(schedule, zone, moment);
        if (next === null) break;
        ours.push(next.toISOString().replace('.000Z', 'Z'));
        moment = next;
      }
    }
    return { zone, when, ours, theirs: theirs.runs ?? [], error: theirs.error };
  });
  const parsed = runs[0].error === undefined;
  const comes = parsed && runs[0].theirs.length > 0;
  const differs = runs.filter(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs));
  const kind = accepted
    ? !parsed
      ? 'product takes, CronJob refuses'
      : differs.length === 0
        ? 'same'
        : differs.every(({ when }) => when !== 'plain')
          ? 'OTHER TIMES AT DST'
          : 'OTHER TIMES'
    : parsed
      ? comes
        ? 'product refuses, CronJob takes'
        : 'never due: product refuses, CronJob takes'
      : 'both refuse';
  // How far apart are runs really, over four years?
  let gap;
  if (accepted) {
    let moment = new Date('2026-01-01T00:00:00Z');
    const end = new Date('2030-01-01T00:00:00Z');
    gap = 0;
    for (let n = 0; n < 3000 && moment < end; n += 1) {
      const next = nextTime(schedule, 'UTC', moment);
      if (next === null) {
        gap = Infinity;
        break;
      }
      gap = Math.max(gap, (next - moment) / 86_400_000);
      moment = next;
    }
  }
  return {
    schedule,
    kind,
    accepted,
    error: runs[0].error,
    differs,
    isRare: accepted ? isRarerThanWeekly(schedule) : undefined,
    gap,
  };
});
save('cron.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'expressions', counts);
for (const { schedule, kind, error, differs } of results) {
  if (kind === 'same' || kind === 'both refuse') continue;
  console.log(`- ${kind}: ${JSON.stringify(schedule)} ${error ?? ''}`);
  for (const { zone, when, ours, theirs } of differs)
    if (kind.startsWith('OTHER'))
      console.log(
        `    ${zone} ${when}\n      ours   ${ours.map((iso) => local(iso, zone)).join(', ')}\n      theirs ${theirs.map((iso) => local(iso, zone)).join(', ')}`,
      );
}
console.log('rarer than weekly?');
for (const { schedule, isRare, gap } of results)
  if (isRare !== undefined && isRare !== gap > 7.5)
    console.log(`- ${schedule}: product says ${isRare ? 'rare' : 'not rare'}, longest gap ${gap.toFixed(2)} days`);
