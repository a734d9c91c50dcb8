// backup-time-zone and the zone of restore-target-time: the names that the product takes (Intl), and Go's (CronJob.spec.timeZone), with
// the offsets that each gives them.
import { readFileSync } from 'node:fs';
import { go, product, save } from './lib.mjs';

const { isTimeZone } = await product('workload/time-zone.ts');
const zi = readFileSync('/usr/share/zoneinfo/tzdata.zi', 'utf8').split('\n');
const names = zi.flatMap((line) =>
  line.startsWith('Z ') ? [line.split(' ')[1]] : line.startsWith('L ') ? [line.split(' ')[2]] : [],
);
const others = [
  'ACT',
  'AET',
  'AGT',
  'ART',
  'AST',
  'BET',
  'BST',
  'CAT',
  'CNT',
  'CST',
  'CTT',
  'EAT',
  'ECT',
  'IET',
  'IST',
  'JST',
  'MIT',
  'NET',
  'NST',
  'PLT',
  'PNT',
  'PRT',
  'PST',
  'SST',
  'VST',
  'CEST',
  'CDT',
  'EDT',
  'PDT',
  'KST',
  'AEST',
  'europe/berlin',
  'Europe/berlin',
  'EUROPE/BERLIN',
  'utc',
  'Utc',
  'Local',
  'local',
  '',
  'UTC+2',
  'GMT+2',
  '+02:00',
  'Etc/GMT+2',
  'SystemV/EST5',
  'posix/Europe/Berlin',
  'right/UTC',
  'Europe/../Europe/Berlin',
  'Europe/Berlin ',
  ' UTC',
  'Etc/Unknown',
  'America/Nonsense',
];
const cases = [...new Set([...names, ...others])];
const real = go('zone', cases);
const offset = (zone, month) => {
  const at = Date.UTC(2026, month, 20, 12);
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return (Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - at) / 60_000;
};
const results = cases.map((zone, index) => {
  const ours = isTimeZone(zone);
  const theirs = real[index].ok && zone !== '' && zone !== 'Local';
  const mine = ours ? { january: offset(zone, 0), july: offset(zone, 6) } : undefined;
  const kind =
    ours && !theirs
      ? 'product takes, CronJob does not'
      : !ours && theirs
        ? 'product refuses, CronJob takes'
        : !ours
          ? 'both refuse'
          : mine.january === real[index].january && mine.july === real[index].july
            ? 'same'
            : 'OTHER OFFSET';
  return { zone, kind, product: mine, real: real[index] };
});
save('zones.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'zones', counts);
for (const { zone, kind, product: mine, real: theirs } of results)
  if (kind !== 'same' && kind !== 'both refuse')
    console.log(`- ${kind}: ${JSON.stringify(zone)} product ${JSON.stringify(mine)} Go ${JSON.stringify(theirs)}`);
