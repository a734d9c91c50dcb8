import type { AdmissionContext, Verdict } from '../admission/admission.ts';
import { judge } from '../admission/judge.ts';
import { mutate } from '../admission/mutate.ts';
import { subjectOf } from '../admission/subject.ts';
import { shortText } from '../pinning/short-text.ts';
import { strip } from '../pinning/strip.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { nextBackups } from './next-backups.ts';
import { explainSettings } from './explain-settings.ts';
import { explainWorkload } from './explain-workload.ts';
import { exitCode } from './exit-code.ts';
import type { ExitCode } from './exit-code.ts';
import { findObjects, refuseNothing } from './find-objects.ts';
import { findingsText } from './finding-text.ts';
import { readManifestFiles } from './manifest-files.ts';
import { placeOf, titleOf } from './manifest-objects.ts';
import type { ManifestObject } from './manifest-objects.ts';
import type { ManifestOptions } from './manifest-options.ts';
import { createRequest, offlineContexts } from './offline-admission.ts';
import { section } from './table-text.ts';
import type { Colour, Terminal } from './terminal.ts';

/** `pgusher explain`: how each StatefulSet is understood, which settings hold and why, and what is injected and why. */
export async function explain(options: ManifestOptions, terminal: Terminal, now = new Date()): Promise<ExitCode> {
  const files = await readManifestFiles(options.filename);
  const objects = findObjects(files, options, terminal);
  refuseNothing(files, objects);
  const contextOf = await offlineContexts(options, objects);
  const verdicts = objects.map((where) => ({ where, verdict: mutate(createRequest(where), contextOf(where)) }));
  const told = verdicts.filter(({ where, verdict }) => where.kind === 'StatefulSet' || verdict.findings.length > 0);
  if (told.length === 0) terminal.report('No StatefulSet in these manifests.\n');
  terminal.out(
    told.map(({ where, verdict }) => explanation(where, verdict, contextOf(where), now, terminal.outColour)).join('\n'),
  );
  return told.some(({ verdict }) => !verdict.allowed) ? exitCode.findings : exitCode.fine;
}

function explanation(
  where: ManifestObject,
  verdict: Verdict,
  context: AdmissionContext,
  now: Date,
  colour: Colour,
): string {
  const title = `${colour('bold', titleOf(where))}  ${colour('dim', placeOf(where))}`;
  const workload = workloadOf(where, context);
  const parts = [
    ...(workload === undefined
      ? []
      : [
          explainWorkload(workload, colour),
          explainSettings(workload.settings, where, context, colour),
          section('Next base backups', nextBackups(workload, where, now), colour),
        ]),
    section('Injected', reasonRows(verdict, 'injected'), colour),
    section('Not injected', reasonRows(verdict, 'skipped'), colour),
  ];
  const tables = parts.filter((part) => part !== '').join('\n');
  const findings = verdict.findings.length === 0 ? '' : `\n${findingsText(where, verdict.findings, colour)}`;
  return `${title}\n${outcomeOf(verdict)}\n${origin(where)}${tables === '' ? '' : `\n${tables}`}${findings}`;
}

function outcomeOf({ decision, reason, allowed }: Verdict): string {
  if (decision === 'not-managed') {
    return 'Not looked after: it lacks the label. Write metadata.labels: {postgres.io/managed: "true"}.';
  }
  if (!allowed) return 'Refused; what has to change is at the end.';
  return decision === 'left-alone' ? `Nothing is injected: ${reason}.` : 'Accepted, with everything below injected.';
}

/** For a manifest that was injected into before, as `kubectl get -o yaml` gives it. */
function origin({ object }: ManifestObject): string {
  const { injected, hash, revision, version } = strip(object);
  if (injected === undefined) return '';
  const by = revision?.version ?? version ?? 'of an unknown version';
  return `It holds what pgusher ${shortText(by)} injected${hash === undefined ? '' : `, revision ${shortText(hash)}`}.\n`;
}

function workloadOf(where: ManifestObject, context: AdmissionContext): PostgresWorkload | undefined {
  const request = createRequest(where);
  const subject = subjectOf(request);
  return subject.kind === 'managed' ? judge(subject, request, context).workload : undefined;
}

function reasonRows({ reasons }: Verdict, outcome: 'injected' | 'skipped'): readonly (readonly string[])[] {
  return reasons.filter((reason) => reason.outcome === outcome).map(({ injection, text }) => [injection, text]);
}
