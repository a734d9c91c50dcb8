import type { DoctorFacts, Known } from './doctor-facts.ts';

/** One thing that `pgusher doctor` looks at: a judgement over facts that were read before. */
export interface Examination {
  readonly id: string;
  examine(facts: DoctorFacts): readonly Judged[];
}

export interface Judged {
  readonly verdict: 'ok' | 'warning' | 'fault';
  readonly seen: string;
  readonly wanted?: string;
  /** A command that helps. */
  readonly type?: string;
}

export interface DoctorFinding extends Judged {
  readonly examination: string;
}

export function ok(seen: string): Judged {
  return { verdict: 'ok', seen };
}

/** What could not be seen: no fault of the installation. */
export function unseen(what: string, known: Exclude<Known<unknown>, { kind: 'known' | 'absent' }>): Judged {
  return known.kind === 'forbidden'
    ? {
        verdict: 'warning',
        seen: `${what} cannot be seen`,
        wanted: 'the right to',
        type: `kubectl auth can-i ${known.right}`,
      }
    : { verdict: 'warning', seen: `${what} cannot be seen: ${known.reason}` };
}
