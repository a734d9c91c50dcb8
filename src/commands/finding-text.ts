import type { Finding } from '../checks/check.ts';
import { placeOf, titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Colour } from './terminal.ts';

/** The findings of one object for a person: where, which object, and each with its field and what to write instead. */
export function findingsText(where: ManifestObject, findings: readonly Finding[], colour: Colour): string {
  const blocks = findings.map((finding) => findingText(finding, colour));
  return `${placeOf(where)}: ${colour('bold', titleOf(where))}\n${blocks.join('')}`;
}

function findingText({ severity, check, field, message }: Finding, colour: Colour): string {
  const mark = severity === 'deny' ? colour('red', 'refused') : colour('yellow', 'warning');
  return `  ${mark}  ${check}  ${colour('dim', field)}\n${message.replaceAll(/^/gm, '    ')}\n`;
}
