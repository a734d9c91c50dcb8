import type { Finding } from '../checks/check.ts';
import { printable, quoted } from '../checks/shown-text.ts';
import { handEdits } from '../pinning/hand-edits.ts';
import { strip } from '../pinning/strip.ts';
import type { Stripped } from '../pinning/strip.ts';
import { planHash } from '../plan/content-hash.ts';
import { checkedDiff } from '../plan/json-patch.ts';
import { version } from '../version.ts';
import type { AdmissionContext } from './admission.ts';
import { changedValue, isHarm } from './changed-part.ts';
import type { ChangedValue } from './changed-part.ts';
import type { Judged } from './judge.ts';
import { pinJudged } from './pin-judged.ts';

const check = 'injection-missing';

/**
 * Whether what /mutate puts into an object is in the final one. Somebody behind us may have taken it out, or the mutating webhook was
 * not asked at all (removed, or down with failurePolicy Ignore).
 *
 * Additions to our parts are nobody's fault: a newer Kubernetes defaults a field that we do not know, another webhook adds a variable.
 * So what decides is whether the patch that would put the object right has to do harm's undoing: more than remove, write down anew, or take
 * away what a policy gave (changed-part.ts).
 */
export function injectionFindings(judged: Judged, context: AdmissionContext): readonly Finding[] {
  const { stripped, old, workload } = judged;
  const { server } = workload;
  if (server === undefined || server.name === '' || server.family.treatment === 'left-alone') return [];
  if (stripped.injected === undefined) return [nothingInjected(old)];
  if (stripped.hash !== undefined && planHash(stripped.injected) === stripped.hash) return [];
  // Two replicas of two versions, in the middle of an upgrade: what the other one renders cannot be told from here.
  if (stripped.version !== version && stripped.injected.initContainers.length > 0) return [];

  const outcome = pinJudged(judged, context);
  if (outcome.kind === 'refused') return outcome.findings;
  const repaired = outcome.pinned;
  const repair = checkedDiff(stripped.raw, repaired.object).find((operation) => isHarm(operation, stripped.raw));
  if (repair === undefined) return [];
  const value = changedValue(repair, stripped.raw);
  if (value !== undefined) return [valueChanged(value)];
  const wanted = strip(repaired.object).injected;
  const [edited] = wanted === undefined ? [] : handEdits(wanted, stripped.injected, { hasOwnHook: false });
  return [changed(edited ?? repair.path)];
}

function nothingInjected(old: Stripped | undefined): Finding {
  if (old?.injected === undefined) {
    return {
      check,
      severity: 'warn',
      field: 'spec.template',
      message: 'nothing is injected: the mutating webhook was not asked. Apply again once it is registered and up.',
    };
  }
  return {
    check,
    severity: 'deny',
    field: 'spec.template',
    message:
      'everything that pgusher injected is gone and the label is not; wanted it in place. Apply again once the mutating webhook is up, or remove the label.',
  };
}

function valueChanged({ field, seen, wanted }: ChangedValue): Finding {
  const setting = Object.entries(settingOf).find(([end]) => field.endsWith(end))?.[1];
  const or = setting === undefined || !field.includes('[pgusher-') ? '' : `, or write ${setting}: ${quoted(seen)}`;
  return {
    check,
    severity: 'deny',
    field: printable(field),
    message: `it is ${quoted(seen)}, and pgusher injected ${quoted(wanted)}; wanted that untouched. Another webhook or a policy changes it behind pgusher: exempt the set there${or}.`,
  };
}

/** Of the agent's containers: what makes pgusher itself inject another value. */
const settingOf: Readonly<Record<string, string>> = {
  '.resources.limits.memory': 'postgres.io/agent-memory',
  '.resources.requests.memory': 'postgres.io/agent-memory',
  '.resources.limits.cpu': 'postgres.io/agent-cpu',
};

function changed(what: string): Finding {
  return {
    check,
    severity: 'deny',
    field: 'spec.template',
    message: `${what} is missing or not as pgusher injected it; wanted it untouched. Another webhook changes it behind pgusher: exempt the set there.`,
  };
}
