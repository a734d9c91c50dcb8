import type { JsonObject } from '../workload/json.ts';
import { admitFiles, isRefused } from './admit-files.ts';
import type { AdmittedObject } from './admit-files.ts';
import { count } from './count-text.ts';
import { UsageError, exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { findingsText } from './finding-text.ts';
import { titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import type { Terminal } from './terminal.ts';
import { writeJson, writeYaml } from './write-objects.ts';

export interface InjectOptions extends ManifestOptions {
  readonly output: 'yaml' | 'json' | 'patch';
}

/**
 * `pgusher inject`: what the webhook would make of the manifests. Like a compiler, it writes nothing at all where anything is
 * refused: a half of what was asked for must not reach `kubectl apply` through a pipe.
 */
export async function inject(options: InjectOptions, terminal: Terminal): Promise<ExitCode> {
  const { files, objects } = await admitFiles(options, terminal);
  for (const { where, verdict } of objects) {
    if (verdict.findings.length > 0)
      terminal.report(`${findingsText(where, verdict.findings, terminal.reportColour)}\n`);
  }
  const refused = objects.filter(isRefused).length;
  if (refused > 0) {
    terminal.report(`${count(refused, 'object')} refused; nothing was written.\n`);
    return exitCode.findings;
  }
  const replaced = injectedObjects(objects);
  switch (options.output) {
    case 'yaml':
      writeYaml(files, replaced, terminal);
      break;
    case 'json':
      writeJson(
        objects.map(({ where }) => where),
        replaced,
        terminal,
      );
      break;
    case 'patch':
      terminal.out(`${JSON.stringify(onlyPatch(objects), undefined, 2)}\n`);
  }
  for (const admitted of objects) reportInjected(admitted, terminal);
  return exitCode.fine;
}

/** The objects that change, with what they become. */
export function injectedObjects(objects: readonly AdmittedObject[]): ReadonlyMap<ManifestObject, JsonObject> {
  return new Map(
    objects.flatMap(({ where, verdict }) =>
      verdict.operations.length > 0 && verdict.object !== undefined ? [[where, verdict.object] as const] : [],
    ),
  );
}

function reportInjected({ where, verdict }: AdmittedObject, terminal: Terminal): void {
  const { decision, reasons } = verdict;
  if (decision === 'not-managed' || decision === 'not-ours') return;
  const injected = reasons.filter(({ outcome }) => outcome === 'injected').map(({ injection }) => injection);
  const what = injected.length === 0 ? decision : injected.join(', ');
  terminal.report(`${titleOf(where)}: ${what}\n`);
}

/** A JSON patch belongs to one object. */
function onlyPatch(objects: readonly AdmittedObject[]): AdmittedObject['verdict']['operations'] {
  const managed = objects.filter(
    ({ verdict }) => verdict.decision !== 'not-managed' && verdict.decision !== 'not-ours',
  );
  const [only] = managed;
  if (managed.length !== 1 || only === undefined) {
    throw new UsageError(
      `-o patch prints the patch of one StatefulSet with postgres.io/managed: "true"; these manifests hold ${managed.length}.`,
    );
  }
  return only.verdict.operations;
}
