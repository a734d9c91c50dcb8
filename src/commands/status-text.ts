import type { SetStatus } from '../status/set-status.ts';
import { count } from './count-text.ts';
import { section } from './table-text.ts';
import type { Colour } from './terminal.ts';

/** For people: a table, then what is wrong with each set in whole sentences. */
export function statusText(sets: readonly SetStatus[], now: Date, colour: Colour): string {
  if (sets.length === 0) return 'No StatefulSet here has the label postgres.io/managed: "true".\n';
  const unsafe = sets.filter(({ safe }) => !safe);
  const heading = [
    'set',
    'safe',
    'pods',
    'primary',
    'recoverable from',
    'to',
    'last backup',
    'lag',
    'store',
    'version',
  ];
  const head =
    unsafe.length === 0
      ? colour('green', `${count(sets.length, 'set')}, all safe`)
      : colour('red', `${count(sets.length, 'set')}, ${String(unsafe.length)} NOT safe`);
  return [
    section(head, [heading, ...sets.map((set) => row(set, now))], (_style, text) => text),
    ...sets.flatMap((set) => remarks(set, colour)),
  ].join('');
}

function row(
  { namespace, name, safe, pods, primary, recoverable, backups, wal, store, archive, injection }: SetStatus,
  now: Date,
): readonly string[] {
  return [
    `${namespace}/${name}`,
    safe ? 'yes' : 'NO',
    `${String(pods.ready)}/${String(pods.wanted)}`,
    primary ?? '-',
    recoverable === null ? '-' : minute(recoverable.from),
    recoverable === null || recoverable.to === null ? '-' : minute(recoverable.to),
    backupText(backups, now),
    // A standby that follows backups archives nothing itself.
    archive !== null ? `${archive.lagSeconds.toFixed(1)} s` : wal === null ? '-' : `${wal.lagSeconds.toFixed(1)} s`,
    store === null || store.total === 0 ? '-' : `${String(Math.floor((store.free / store.total) * 100))} % free`,
    injection.version === null ? '-' : `${injection.version}${injection.stale ? ' (stale)' : ''}`,
  ];
}

function backupText(backups: SetStatus['backups'], now: Date): string {
  if (backups === null || backups.newest === null) return 'never';
  const { finishedAt, verified } = backups.newest;
  return `${ago(finishedAt, now)}${verified ? '' : ', not verified'}`;
}

function remarks({ namespace, name, reasons, warnings }: SetStatus, colour: Colour): readonly string[] {
  if (reasons.length + warnings.length === 0) return [];
  return [
    `\n${colour('bold', `${namespace}/${name}`)}\n`,
    ...reasons.map((reason) => `  ${colour('red', 'not safe')}  ${reason}\n`),
    ...warnings.map((warning) => `  ${colour('yellow', 'warning')}   ${warning}\n`),
  ];
}

/** To the minute, in UTC: `2026-11-29 14:05Z`. */
function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')}Z`;
}

function ago(time: string, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - Date.parse(time)) / 1000);
  if (seconds < 120) return `${seconds.toFixed(0)} s ago`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min ago`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(0)} h ago` : `${(seconds / 86_400).toFixed(0)} days ago`;
}
