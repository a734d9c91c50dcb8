import { adviceOn } from '../checks/advice.ts';
import type { Finding } from '../checks/check.ts';
import { positionOf } from './finding-position.ts';
import { placeOf, titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { Colour } from './terminal.ts';

/** The findings of one object for a person: where, which object, and each with its field, its line and what to write instead. */
export function findingsText(where: ManifestObject, findings: readonly Finding[], colour: Colour): string {
  const blocks = findings.map((finding) => findingText(where, finding, colour));
  return `${placeOf(where)}: ${colour('bold', titleOf(where))}\n${blocks.join('')}`;
}

function findingText(where: ManifestObject, finding: Finding, colour: Colour): string {
  const { severity, check, field, message } = finding;
  const mark = severity === 'deny' ? colour('red', 'refused') : colour('yellow', 'warning');
  const line = `line ${positionOf(where, field).line}`;
  const advice = adviceOn(finding).map((text) => `    ${colour('dim', text)}\n`);
  return `  ${mark}  ${check}  ${colour('dim', `${line}: ${field}`)}\n${message.replaceAll(/^/gm, '    ')}\n${advice.join('')}`;
}
