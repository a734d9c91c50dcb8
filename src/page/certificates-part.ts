import { minuteText, spanText } from '../status/time-text.ts';
import { cell, markup } from './markup.ts';
import type { Markup } from './markup.ts';
import type { CertificateAge } from './overview.ts';

export function certificatesPart(certificates: readonly CertificateAge[], now: Date): Markup {
  return markup`<table><thead><tr><th>what</th><th>subject</th><th>age</th><th>ends</th></tr></thead>
<tbody>
${certificates.map(
  ({ what, subject, from, to }) =>
    markup`<tr>${[
      cell('what', what),
      cell('subject', subject),
      cell('age', spanText(now.getTime() - from.getTime())),
      to <= now
        ? cell('ends', `ended ${minuteText(to)}`, 'bad')
        : cell('ends', `${minuteText(to)}, in ${spanText(to.getTime() - now.getTime())}`),
    ]}</tr>
`,
)}</tbody></table>`;
}
