import { minuteText } from '../status/time-text.ts';
import { cell, markup } from './markup.ts';
import type { Markup } from './markup.ts';
import type { Counted, Decisions } from './overview.ts';

/** What one replica answered: each is asked about some of the reviews, and knows nothing of the others. */
export function decisionsPart({ since, newest, byDecision, byCheck }: Decisions, replica: string): Markup {
  if (byDecision.length === 0) {
    return markup`<p>${replica} was asked about no managed set since ${minuteText(since)}.</p>`;
  }
  return markup`<p>Of ${replica} alone, since ${minuteText(since)}: ${countsText(byDecision)}. Findings by check: ${
    byCheck.length === 0 ? 'none' : countsText(byCheck)
  }.</p>
<table><thead><tr><th>time</th><th>asked</th><th>set</th><th>decision</th><th>checks</th></tr></thead>
<tbody>
${newest.map(
  ({ at, webhook, operation, namespace, name, dryRun, decision, checks }) =>
    markup`<tr>${[
      cell('time', `${at.toISOString().slice(11, 19)}Z`),
      cell('asked', `${webhook} ${operation}${dryRun ? ', dry run' : ''}`),
      cell('set', `${namespace}/${name}`),
      cell('decision', decision, decision === 'denied' ? 'bad' : 'plain'),
      cell('checks', checks.join(', ')),
    ]}</tr>
`,
)}</tbody></table>`;
}

function countsText(counts: readonly Counted[]): string {
  return counts.map(({ name, count }) => `${String(count)} ${name}`).join(', ');
}
