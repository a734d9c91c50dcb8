import type { SetStatus } from '../status/set-status.ts';
import { setTexts } from '../status/set-texts.ts';
import { minuteText, spanText } from '../status/time-text.ts';
import { cell, markup } from './markup.ts';
import type { Markup } from './markup.ts';
import type { KnownSets, SetsKnown } from './overview.ts';
import { timeAxis } from './time-axis.ts';
import type { TimeAxis } from './time-axis.ts';
import { windowPicture } from './window-picture.ts';

/** What of the sets is shown. */
export interface Choice {
  /** Null: all namespaces. */
  readonly namespace: string | null;
  readonly unsafe: boolean;
}

/** All sets that are chosen, those that are not safe first. */
export function setsPart(known: SetsKnown, choice: Choice, now: Date): Markup {
  switch (known.kind) {
    case 'no-cluster':
      return markup`<p>No cluster is watched here.</p>`;
    case 'not-yet':
      return markup`<p>The agents are being asked; this page comes again.</p>`;
    case 'failed':
      return markup`<p class="bad">The sets cannot be read: ${known.problem}</p>${known.last === null ? [] : [setsTable(known.last, choice, now)]}`;
    case 'known':
      return setsTable(known, choice, now);
  }
}

function setsTable({ at, sets }: KnownSets, choice: Choice, now: Date): Markup {
  if (sets.length === 0) {
    return markup`<p>No StatefulSet has the label <code>postgres.io/managed: "true"</code>.</p>`;
  }
  const unsafe = sets.filter(({ safe }) => !safe);
  const chosen = sets.filter(
    ({ namespace, safe }) => (choice.namespace === null || namespace === choice.namespace) && (!choice.unsafe || !safe),
  );
  const axis = timeAxis(chosen, now);
  return markup`<p><strong class="${unsafe.length === 0 ? 'good' : 'bad'}">${countOf(sets.length, 'set')}, ${
    unsafe.length === 0 ? 'all safe' : `${String(unsafe.length)} NOT safe`
  }</strong>, asked ${spanText(now.getTime() - at.getTime())} ago. Show <a href="?">all</a>, <a href="?unsafe">what is not safe</a>${
    choice.namespace === null ? '' : `; shown: namespace ${choice.namespace}`
  }</p>
${chosen.length === 0 ? markup`<p>None of them is of this choice.</p>` : rowsOf(chosen, axis, now)}`;
}

function rowsOf(sets: readonly SetStatus[], axis: TimeAxis, now: Date): Markup {
  const ordered = sets.toSorted(
    (left, right) => Number(left.safe) - Number(right.safe) || compare(nameOf(left), nameOf(right)),
  );
  return markup`<table><thead><tr><th>set</th><th>safe</th><th>pods</th><th>primary</th><th>can be restored to any moment of
<span class="axis"><span>${minuteText(new Date(axis.from))}</span><span>now</span></span></th><th>last backup</th><th>lag</th><th>store</th><th>version</th></tr></thead>
<tbody>
${ordered.map((set) => rowOf(set, axis, now))}
</tbody></table>`;
}

function rowOf(set: SetStatus, axis: TimeAxis, now: Date): Markup {
  const texts = setTexts(set, now);
  const more = [
    ...set.reasons.map((reason) => markup`<li class="bad">${reason}</li>`),
    ...set.warnings.map((warning) => markup`<li>${warning}</li>`),
  ];
  const title = markup`<a href="?namespace=${encodeURIComponent(set.namespace)}">${set.namespace}</a>/${set.name}`;
  return markup`<tr>${[
    cell('set', title),
    set.safe ? cell('safe', 'yes', 'good') : cell('safe', 'NO', 'bad'),
    cell('pods', texts.pods),
    cell('primary', texts.primary),
    cell('can be restored', windowPicture(set, axis)),
    cell('last backup', texts.lastBackup),
    cell('lag', texts.lag),
    cell('store', texts.store),
    cell('version', texts.version),
  ]}</tr>
${more.length === 0 ? [] : [markup`<tr class="more"><td colspan="9"><ul>${more}</ul></td></tr>`]}`;
}

function countOf(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function nameOf({ namespace, name }: SetStatus): string {
  return `${namespace}/${name}`;
}

/** By code units: the same order on every machine. */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
