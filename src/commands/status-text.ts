import type { SetStatus } from '../status/set-status.ts';
import { setTexts } from '../status/set-texts.ts';
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

function row(status: SetStatus, now: Date): readonly string[] {
  const { name, pods, primary, from, to, lastBackup, lag, store, version } = setTexts(status, now);
  return [name, status.safe ? 'yes' : 'NO', pods, primary, from, to, lastBackup, lag, store, version];
}

function remarks({ namespace, name, reasons, warnings }: SetStatus, colour: Colour): readonly string[] {
  if (reasons.length + warnings.length === 0) return [];
  return [
    `\n${colour('bold', `${namespace}/${name}`)}\n`,
    ...reasons.map((reason) => `  ${colour('red', 'not safe')}  ${reason}\n`),
    ...warnings.map((warning) => `  ${colour('yellow', 'warning')}   ${warning}\n`),
  ];
}
