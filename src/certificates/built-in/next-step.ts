import type { Authority } from '../authority.ts';
import { bundleOf, lifeOf } from './authorities.ts';
import { certificatesIn } from '../certificates-in.ts';
import type { Authorities, NextAuthority, PreviousAuthority } from './authorities.ts';
import { settlingTime } from './lives.ts';
import type { Lives } from './lives.ts';

export interface Situation {
  /** What the Secret holds; undefined: nothing yet. */
  readonly stored: Authorities | undefined;
  /** The caBundle of each webhook, as read from the apiserver before the Secret was; empty texts where there is none. */
  readonly bundles: readonly string[];
  /** The last order to rotate that somebody gave; empty where there was none. */
  readonly order: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly lives: Lives;
}

/** The one thing to be done now. */
export type Step =
  | { readonly kind: 'store'; readonly authorities: Authorities; readonly what: Stored }
  | { readonly kind: 'publish'; readonly bundle: string }
  /** Nothing before this time. */
  | { readonly kind: 'wait'; readonly until: number };

export type Stored = 'made' | 'next made' | 'next announced' | 'next hidden' | 'next signs' | 'previous gone';

/**
 * A rotation in steps, each of which any replica may take and any may be killed before or after:
 * next made → in every bundle → read back, and that noted → settled, so that every apiserver has heard of it → it signs →
 * no leaf of the previous one can be in use → that one leaves the bundles.
 * `make` is called where a new authority is wanted.
 */
export function nextStep(situation: Situation, make: () => Authority): Step {
  const { stored, now } = situation;
  // An authority that has ended helps nobody: there is nothing to go over from.
  if (stored === undefined || isOver(stored.current, now)) return store('made', firstAuthorities(situation, make()));
  return (
    publishStep(stored, situation) ??
    retireStep(stored, situation) ??
    (stored.next === undefined ? rotateStep(stored, situation, make) : switchStep(stored, stored.next, situation))
  );
}

/** Whoever is in the bundles now has leaves in use: of cert-manager, of files, of a Secret that was lost. */
function firstAuthorities({ stored, bundles, order, now, lives }: Situation, current: Authority): Authorities {
  const until = now + lives.leaf + settlingTime(lives);
  const others = [...new Set(bundles.flatMap(certificatesIn))];
  const previous = others
    .map((certificate) => ({ certificate, until: Math.min(until, lifeOf(certificate).ends) }))
    .filter((one) => one.until > now);
  return { current, previous, order: stored?.order ?? order };
}

function publishStep(stored: Authorities, { bundles }: Situation): Step | undefined {
  const bundle = bundleOf(stored);
  if (bundles.every((text) => text === bundle)) return undefined;
  const { next, ...others } = stored;
  // Somebody took it out while it was settling: the apiservers have to hear of it anew.
  return next?.announced !== undefined && bundles.some((text) => !text.includes(next.certificate))
    ? store('next hidden', { ...others, next: { certificate: next.certificate, key: next.key } })
    : { kind: 'publish', bundle };
}

function retireStep(stored: Authorities, { now }: Situation): Step | undefined {
  const previous = stored.previous.filter(({ until }) => until > now);
  return previous.length === stored.previous.length ? undefined : store('previous gone', { ...stored, previous });
}

function rotateStep(stored: Authorities, { order, now }: Situation, make: () => Authority): Step {
  const due = renewalOf(lifeOf(stored.current.certificate));
  return now >= due || (order !== '' && order !== stored.order)
    ? store('next made', { ...stored, next: make(), order })
    : wait(stored, due);
}

function switchStep(stored: Authorities, next: NextAuthority, { now, lives }: Situation): Step {
  const { announced } = next;
  // One in the future was written by a clock that was wrong.
  if (announced === undefined || announced > now) {
    return store('next announced', { ...stored, next: { ...next, announced: now } });
  }
  const settled = announced + settlingTime(lives);
  if (now < settled) return wait(stored, settled);
  const { certificate } = stored.current;
  const gone = Math.min(now + lives.leaf + settlingTime(lives), lifeOf(certificate).ends);
  return store('next signs', {
    current: { certificate: next.certificate, key: next.key },
    previous: [...stored.previous, { certificate, until: gone }],
    order: stored.order,
  });
}

function wait({ previous }: Authorities, until: number): Step {
  return { kind: 'wait', until: Math.min(until, ...previous.map((one: PreviousAuthority) => one.until)) };
}

function store(what: Stored, authorities: Authorities): Step {
  return { kind: 'store', authorities, what };
}

function isOver({ certificate }: Authority, now: number): boolean {
  return now >= lifeOf(certificate).ends;
}

/** At two thirds of a life: a third is left for whatever keeps it from being renewed to be noticed and mended. */
export function renewalOf({ made, ends }: { readonly made: number; readonly ends: number }): number {
  return made + ((ends - made) * 2) / 3;
}
