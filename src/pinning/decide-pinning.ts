import { planHash } from '../plan/content-hash.ts';
import type { Plan } from '../plan/plan.ts';
import { sameJson } from '../plan/same-json.ts';
import { annotationPrefix } from '../workload/annotation-name.ts';
import { objectAt, objectsAt, textAt } from '../workload/json.ts';
import type { Json, JsonObject } from '../workload/json.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { bookkeeping, latest } from './bookkeeping.ts';
import { handEdits, inValuesOf } from './hand-edits.ts';
import { hashInputs, haveSameForm, inputsHash } from './inputs-hash.ts';
import { shortText } from './short-text.ts';
import type { Stripped } from './strip.ts';

export interface PinInput {
  readonly operation: 'CREATE' | 'UPDATE';
  /** The object of the request; on UPDATE stripped with the stored one at hand: `strip(object, before)`. */
  readonly requested: Stripped;
  /** Of `requested.object`. */
  readonly workload: PostgresWorkload;
  /** The stored object; undefined on CREATE. */
  readonly stored: Stripped | undefined;
  /** Render anew when the user's own change restarts the pods anyway. */
  readonly withRollout: boolean;
  /** The version that is running. */
  readonly version: string;
}

export type RenderCause =
  | 'create'
  /** The stored object had nothing of ours in it. */
  | 'adopted'
  | 'inputs-changed'
  /** `injection-version: latest`. */
  | 'latest-requested'
  | 'with-rollout';

/** Where the injected parts come from. `inputs` and `version` are what is written down for them. */
export type PinningOutcome = {
  readonly inputs: string;
  readonly version: string;
  /** At most 120 characters each, no control characters. */
  readonly warnings: readonly string[];
} & (
  | { readonly kind: 'render'; readonly why: RenderCause }
  | { readonly kind: 'carry-forward'; readonly plan: Plan }
  /**
   * The request brings the parts of another revision of ours, as `kubectl rollout undo` does: `isUndo`. Or parts with their
   * own record, as a manifest of `pgusher inject` does, and as what this webhook made does when it is asked once more.
   */
  | { readonly kind: 'rolled-back'; readonly isUndo: boolean; readonly plan: Plan }
);

/**
 * A new version of the webhook never restarts a database: injected parts stay as they are, whatever version rendered
 * them, until the user changes what they depend on or asks for new ones.
 */
export function decidePinning(input: PinInput): PinningOutcome {
  const { requested, stored, version } = input;
  const inputs = inputsHash(input.workload);
  const render = (why: RenderCause): PinningOutcome => ({ kind: 'render', why, inputs, version, warnings: [] });

  if (input.operation === 'CREATE' || stored === undefined) return render('create');
  if (stored.injected === undefined) return render('adopted');
  if (requested.version === latest) return render('latest-requested');
  const rollback = rolledBackTo(requested, stored, inputs);
  if (rollback !== undefined) {
    const parts = { kind: 'rolled-back' as const, plan: rollback.plan, inputs, version: rollback.version };
    // Asked once more about its own answer to an undo, the webhook has said this already.
    if (bringsRecord(requested, stored) || bringsBookkeeping(requested, stored))
      return { ...parts, isUndo: false, warnings: [] };
    const warning = `rollback: the injected parts are those of that revision, rendered by pgusher ${shortText(rollback.version)}`;
    return { ...parts, isUndo: true, warnings: [warning] };
  }
  if (haveInputsChanged(inputs, stored) || isOtherContainer(input.workload, stored))
    return { ...render('inputs-changed'), warnings: foreignRevision(requested, stored) };
  if (input.withRollout && !sameJson(templateOf(requested.object), templateOf(stored.object)))
    return render('with-rollout');

  const pinned = pinnedVersion(input, stored);
  const plan = requested.injected === undefined ? stored.injected : inValuesOf(requested.injected, stored.injected);
  const warnings = [...editWarnings(requested, stored, plan, pinned)];
  if (pinned !== version) {
    warnings.push(
      `injected by ${shortText(pinned)}, ${version} is available; write ${bookkeeping.version}: ${latest} (restarts the pods)`,
    );
  }
  return { kind: 'carry-forward', plan, inputs, version: pinned, warnings };
}

/**
 * That of the stored parts. Where a render gave just those once more, the request says so that was answered with it, and
 * the webhook is asked about again (reinvocationPolicy IfNeeded).
 */
function pinnedVersion({ requested, version }: PinInput, stored: Stripped): string {
  const isRenderedAgain = requested.revision?.version === version && requested.version === version;
  if (isRenderedAgain && requested.hash === stored.hash && bringsRecord(requested, stored)) return version;
  return stored.revision?.version ?? stored.version ?? version;
}

/** The request's own parts are recorded in it as the newest, and its record is not the stored one. */
function bringsRecord(requested: Stripped, stored: Stripped): boolean {
  const { hash, record, recordText } = requested;
  return recordText !== stored.recordText && hash !== undefined && record.at(-1)?.hash === hash;
}

/** An undo changes the template alone; our own answer may name the newest revision again, after an undo that nobody saw. */
function bringsBookkeeping(requested: Stripped, stored: Stripped): boolean {
  const isOther = requested.inputs !== stored.inputs || requested.version !== stored.version;
  return isOther && requested.hash !== undefined && requested.record.at(-1)?.hash === requested.hash;
}

/**
 * A template of another revision of ours: its hash is another one than the stored template's, and it is recorded or
 * describes what is really there (what we render is fully defaulted, so it is stored as it was hashed). Settings that
 * change in the same request are asked for too, so then it must have been rendered for them: a manifest that
 * `pgusher inject` wrote.
 */
function rolledBackTo(
  requested: Stripped,
  stored: Stripped,
  inputs: string,
): { plan: Plan; version: string } | undefined {
  const { hash, injected, revision } = requested;
  if (hash === undefined || hash === stored.hash || injected === undefined) return undefined;
  const isRecorded = revision?.hash === hash && injected.initContainers.length > 0;
  if (!isRecorded && planHash(injected) !== hash) return undefined;
  const settingsAreKept = sameJson(settingsOf(requested.object), settingsOf(stored.object));
  if (!settingsAreKept && requested.inputs !== inputs) return undefined;
  return { plan: injected, version: revision?.version ?? stored.version ?? 'unknown' };
}

/**
 * A template of ours that nobody recorded: what carries no name of ours in it (arguments, PGDATA, the grace period) cannot be
 * told from the user's, and stays.
 */
function foreignRevision({ hash, revision }: Stripped, stored: Stripped): readonly string[] {
  if (hash === undefined || hash === stored.hash || revision?.hash === hash) return [];
  return [
    `revision ${shortText(hash, 16)} is not on record: what pgusher had put into its args and env counts as yours`,
  ];
}

function settingsOf(object: JsonObject): JsonObject {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith(annotationPrefix)));
}

/**
 * Against what was written down when the parts were made, so that a change which was let through while no webhook was
 * there is seen. Where that is of another form (an older pgusher) or gone, against the stored object.
 */
function haveInputsChanged(inputs: string, stored: Stripped): boolean {
  const recorded = stored.inputs ?? stored.revision?.inputs;
  if (haveSameForm(recorded, inputs)) return recorded !== inputs;
  return hashInputs(stored.object, stored.injected?.server?.container) !== inputs;
}

/** Renamed while no webhook was there, and now named as it was: what stands in it cannot be carried to a name that is gone. */
function isOtherContainer({ server }: PostgresWorkload, { injected }: Stripped): boolean {
  const was = injected?.server?.container;
  return was !== undefined && was !== server?.name;
}

function templateOf(object: JsonObject): Json | undefined {
  return objectAt(object, 'spec')['template'];
}

function hasOwnHook({ object }: Stripped, { server }: Plan): boolean {
  const pod = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
  const container = objectsAt(pod, 'containers').find((item) => textAt(item, 'name') === server?.container);
  return Object.keys(objectAt(objectAt(container, 'lifecycle'), 'preStop')).length > 0;
}

function editWarnings(requested: Stripped, stored: Stripped, plan: Plan, pinned: string): readonly string[] {
  const warnings: string[] = [];
  if (requested.injected === undefined || requested.injected.initContainers.length === 0) {
    warnings.push(
      `the request came without the injected parts; they were put back. To be without: remove the label ${annotationPrefix}managed`,
    );
  } else {
    const [first, ...more] = [
      ...handEdits(plan, requested.injected, { hasOwnHook: hasOwnHook(requested, plan) }),
      ...(requested.hash === stored.hash ? [] : [`annotation ${bookkeeping.hash}`]),
    ];
    if (first !== undefined) {
      const others = more.length > 0 ? ` and ${more.length} more` : '';
      warnings.push(
        `edit of injected parts put back: ${shortText(first, 32)}${others}; they follow the annotations ${annotationPrefix}*`,
      );
    }
  }
  if (requested.version !== undefined && requested.version !== pinned) {
    warnings.push(
      `${bookkeeping.version} is written by pgusher; ${shortText(requested.version)} was put back to ${shortText(pinned)}`,
    );
  }
  return warnings;
}
