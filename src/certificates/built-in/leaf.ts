import { issueServingCertificate } from '../authority.ts';
import type { Authority, ServingNames } from '../authority.ts';
import type { ServingCertificate } from '../source.ts';
import { lifeOf } from './authorities.ts';
import type { Lives } from './lives.ts';
import { renewalOf } from './next-step.ts';

/** The certificate that a replica serves. Its key never leaves the process. */
export interface Leaf extends ServingCertificate {
  /** Certificate of the authority that signed it. */
  readonly authority: string;
  /** The order to renew that it was made under. */
  readonly order: string;
  readonly from: number;
  readonly renewal: number;
  readonly ends: number;
}

const day = 24 * 60 * 60 * 1000;

export function makeLeaf(
  authority: Authority,
  names: ServingNames,
  made: { now: number; lives: Lives; order: string },
): Leaf {
  const serving = issueServingCertificate(authority, names, { now: new Date(made.now), days: made.lives.leaf / day });
  const life = lifeOf(serving.certificate);
  return {
    ...serving,
    authority: authority.certificate,
    order: made.order,
    from: life.from,
    renewal: renewalOf(life),
    ends: life.ends,
  };
}

export interface LeafSituation {
  readonly leaf: Leaf | undefined;
  /** Certificate of the authority that signs now. */
  readonly current: string;
  readonly order: string;
  readonly now: number;
  /** Whether every webhook has had `current` for long enough that every apiserver has heard of it. */
  readonly isSettled: boolean;
  /** Whether every webhook has the authority of the leaf. */
  readonly isTrusted: boolean;
}

/** Whether another leaf is wanted. One that the apiservers verify is not given up for one that they may not verify yet. */
export function leafIsDue({ leaf, current, order, now, isSettled, isTrusted }: LeafSituation): boolean {
  if (leaf === undefined) return true;
  // Before its beginning: a clock went back.
  const isUsable = now >= leaf.from && now < leaf.ends && isTrusted;
  if (leaf.authority !== current) return isSettled || !isUsable;
  return now >= leaf.renewal || now < leaf.from || order !== leaf.order;
}
