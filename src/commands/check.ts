import { admitFiles, isRefused } from './admit-files.ts';
import type { AdmittedObject } from './admit-files.ts';
import { githubAnnotations } from './check-github.ts';
import { sarifLog } from './check-sarif.ts';
import { count } from './count-text.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { positionOf } from './finding-position.ts';
import { findingsText } from './finding-text.ts';
import { refuseNothing } from './find-objects.ts';
import { shownName } from './manifest-files.ts';
import type { ManifestOptions } from './manifest-options.ts';
import type { Terminal } from './terminal.ts';
import { withUnknownFields } from './unknown-fields.ts';
import type { UnreadError } from './unread.ts';

export interface CheckOptions extends ManifestOptions {
  readonly format: CheckFormat;
}

export type CheckFormat = 'text' | 'json' | 'sarif' | 'github';

/** `pgusher check`: what the webhook would say about each object, without changing anything. */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const unread: UnreadError[] = [];
  const { files, objects: admitted } = await admitFiles(options, terminal, (problem) => {
    unread.push(problem);
  });
  const objects = admitted.map(({ where, verdict }) => ({ where, verdict: withUnknownFields(where, verdict) }));
  for (const { name, repeatedKeys = [] } of files) {
    for (const { line, column } of repeatedKeys) {
      terminal.report(
        `${shownName(name)}:${line}:${column}: this key stands twice in its map; kubectl keeps the last\n`,
      );
    }
  }
  for (const { message } of unread) terminal.report(`${message}\n`);
  // One file that cannot be read must not silence what is found in the others, and may not pass for one without findings.
  if (unread.length === 0 && options.allowEmpty !== true) refuseNothing(files, objects);
  if (unread.length === 0 || objects.length > 0 || isForPrograms(options.format))
    terminal.out(`${report(objects, unread, options.format, terminal)}\n`);
  if (unread.length > 0) return exitCode.usage;
  return objects.some(isRefused) ? exitCode.findings : exitCode.fine;
}

/** They get a document in any case. */
function isForPrograms(format: CheckFormat): boolean {
  return format === 'json' || format === 'sarif';
}

function report(
  objects: readonly AdmittedObject[],
  unread: readonly UnreadError[],
  format: CheckFormat,
  terminal: Terminal,
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(objects.map(entryOf), undefined, 2);
    case 'sarif':
      return JSON.stringify(sarifLog(objects, unread), undefined, 2);
    case 'github':
      return [...githubAnnotations(objects, unread), summary(objects)].join('\n');
    case 'text':
      return [...blocks(objects, terminal), summary(objects)].join('\n');
  }
}

function blocks(objects: readonly AdmittedObject[], terminal: Terminal): readonly string[] {
  return objects
    .filter(({ verdict }) => verdict.findings.length > 0)
    .map(({ where, verdict }) => findingsText(where, verdict.findings, terminal.outColour));
}

/** The form that scripts rely on; fields may be added, never changed. `document` counts from 1. */
function entryOf({ where, verdict }: AdmittedObject): object {
  return {
    file: where.file.name,
    document: where.document + 1,
    kind: where.kind,
    namespace: where.namespace,
    name: where.name,
    findings: verdict.findings.map(({ check: id, severity, field, message }) => ({
      check: id,
      severity,
      field,
      ...positionOf(where, field),
      message,
    })),
  };
}

function summary(objects: readonly AdmittedObject[]): string {
  const managed = objects.filter(
    ({ verdict }) => verdict.decision !== 'not-managed' && verdict.decision !== 'not-ours',
  );
  const refused = objects.filter(isRefused).length;
  const warnings = objects
    .flatMap(({ verdict }) => verdict.findings)
    .filter(({ severity }) => severity === 'warn').length;
  return `${count(objects.length, 'object')}, ${managed.length} with postgres.io/managed: ${refused} refused, ${count(warnings, 'warning')}`;
}
