import { certificatesPart } from './certificates-part.ts';
import { decisionsPart } from './decisions-part.ts';
import { markup } from './markup.ts';
import { knownSets } from './overview.ts';
import type { Overview, SetsKnown } from './overview.ts';
import { setsPart } from './sets-part.ts';
import type { Choice } from './sets-part.ts';

/** Seconds after which a browser asks again, by itself and without a script. */
const again = 30;

/** A page for a person: every set, what this replica of the webhook decided, and until when its certificates are good. Changes nothing. */
export function overviewPage(overview: Overview, choice: Choice): string {
  const { at, version, replica, sets, decisions, certificates, remarks } = overview;
  return markup`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="${again}">
<title>${titleOf(sets)}</title><link rel="stylesheet" href="style.css"></head>
<body>
<h1>pgusher ${version}</h1>
${remarks.map((remark) => markup`<p class="bad">${remark}</p>`)}
<h2>Sets</h2>
${setsPart(sets, choice, at)}
<h2>Decisions of the last hour</h2>
${decisionsPart(decisions, replica)}
<h2>Certificates</h2>
${certificatesPart(certificates, at)}
<footer>${at.toISOString()}, told by ${replica}. <code>pgusher status</code> and <code>pgusher doctor</code> say more.</footer>
</body></html>
`.html;
}

function titleOf(sets: SetsKnown): string {
  const known = knownSets(sets);
  if (known === null) return 'pgusher';
  const unsafe = known.sets.filter(({ safe }) => !safe).length;
  return unsafe === 0 ? 'pgusher: all safe' : `pgusher: ${String(unsafe)} NOT safe`;
}
