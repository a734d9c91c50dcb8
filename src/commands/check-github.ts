import type { Finding } from '../checks/check.ts';
import type { AdmittedObject } from './admit-files.ts';
import { positionOf } from './finding-position.ts';
import { titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { UnreadError } from './unread.ts';

/** What was found as workflow commands of GitHub Actions, which shows each at its line of the pull request. */
export function githubAnnotations(
  objects: readonly AdmittedObject[],
  unread: readonly UnreadError[],
): readonly string[] {
  return [
    ...unread.map(unreadAnnotation),
    ...objects.flatMap(({ where, verdict }) => verdict.findings.map((finding) => annotation(where, finding))),
  ];
}

function annotation(where: ManifestObject, { check, severity, field, message }: Finding): string {
  const { line, column } = positionOf(where, field);
  const title = `${check}: ${titleOf(where)}`;
  return command(severity, { file: where.file.name, line, column, title }, `${field}: ${message}`);
}

function unreadAnnotation({ file, line, column, message }: UnreadError): string {
  return command('deny', { file, line, column, title: 'cannot be read' }, message);
}

interface Shown {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly title: string;
}

function command(severity: Finding['severity'], { file, line, column, title }: Shown, text: string): string {
  // Standard input has no file to show it in.
  const place = file === '-' ? {} : { file: file.replace(/^\.\//, ''), line, col: column };
  const properties = Object.entries({ ...place, title }).map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${severity === 'deny' ? 'error' : 'warning'} ${properties.join(',')}::${data(text)}`;
}

/** GitHub's own escapes (actions/toolkit, command.ts): what it reads would end the line, or the property. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
