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
import type { ManifestOptions } from './manifest-options.ts';
import type { Terminal } from './terminal.ts';

export interface CheckOptions extends ManifestOptions {
  readonly format: CheckFormat;
}

export type CheckFormat = 'text' | 'json' | 'sarif' | 'github';

/** `pgusher check`: what the webhook would say about each object, without changing anything. */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const { files, objects } = await admitFiles(options, terminal);
  if (options.allowEmpty !== true) refuseNothing(files, objects);
  terminal.out(`${report(objects, options.format, terminal)}\n`);
  return objects.some(isRefused) ? exitCode.findings : exitCode.fine;
}

function report(objects: readonly AdmittedObject[], format: CheckFormat, terminal: Terminal): string {
  switch (format) {
    case 'json':
      return JSON.stringify(objects.map(entryOf), undefined, 2);
    case 'sarif':
      return JSON.stringify(sarifLog(objects), undefined, 2);
    case 'github':
      return [...githubAnnotations(objects), summary(objects)].join('\n');
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
