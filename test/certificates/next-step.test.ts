import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../src/certificates/authority.ts';
import type { Authority } from '../../src/certificates/authority.ts';
import { bundleOf, parseAuthorities } from '../../src/certificates/built-in/authorities.ts';
import { certificatesIn } from '../../src/certificates/certificates-in.ts';
import type { Authorities } from '../../src/certificates/built-in/authorities.ts';
import { leafIsDue, makeLeaf } from '../../src/certificates/built-in/leaf.ts';
import { defaultLives, settlingTime } from '../../src/certificates/built-in/lives.ts';
import { nextStep } from '../../src/certificates/built-in/next-step.ts';
import type { Situation, Step } from '../../src/certificates/built-in/next-step.ts';

const second = 1000;
const day = 86_400 * second;
const lives = { leaf: 12 * second, authority: 36 * second };
const settling = settlingTime(lives);
const start = Date.parse('2026-11-30T12:00:00Z');
const names = { dnsNames: ['pgusher.pgusher-system.svc'], addresses: [] } as const;

let made = 0;
function authorityAt(now: number, life = lives.authority): Authority {
  made += 1;
  return createAuthority(`authority ${String(made)}`, { now: new Date(now), days: life / day });
}

function step(situation: Partial<Situation>): Step {
  const now = situation.now ?? start;
  return nextStep({ stored: undefined, bundles: [], order: '', now, lives, ...situation }, () => authorityAt(now));
}

function stored(of: Step, what: string): Authorities {
  expect(of).toMatchObject({ kind: 'store', what });
  if (of.kind !== 'store') throw new Error('nothing is stored');
  return of.authorities;
}

const first = stored(step({}), 'made');
const both = (text: string): readonly string[] => [text, text];

describe('a rotation, step by step', () => {
  const due = start + (lives.authority * 2) / 3;
  const introduced = stored(step({ stored: first, bundles: both(bundleOf(first)), now: due }), 'next made');
  const announced = stored(
    step({ stored: introduced, bundles: both(bundleOf(introduced)), now: due + second }),
    'next announced',
  );
  const switched = stored(
    step({ stored: announced, bundles: both(bundleOf(announced)), now: due + second + settling }),
    'next signs',
  );

  test('the first authority is published, and then nothing is to be done until two thirds of its life', () => {
    expect(step({ stored: first, bundles: both('') })).toEqual({ kind: 'publish', bundle: first.current.certificate });
    expect(step({ stored: first, bundles: both(bundleOf(first)), now: due - 1 })).toEqual({ kind: 'wait', until: due });
  });

  test('the next one is in every bundle, beside the one that signs, before it is noted that it was read back', () => {
    expect(introduced.current).toEqual(first.current);
    const bundle = `${first.current.certificate}${introduced.next?.certificate ?? ''}`;
    for (const bundles of [both(bundleOf(first)), [bundle, bundleOf(first)], [bundleOf(first), bundle]]) {
      expect(step({ stored: introduced, bundles, now: due })).toEqual({ kind: 'publish', bundle });
    }
  });

  test('it signs when that was so for the settling time, and its key is the only one that is kept', () => {
    const bundles = both(bundleOf(announced));
    const settled = due + second + settling;
    expect(step({ stored: announced, bundles, now: settled - 1 })).toEqual({ kind: 'wait', until: settled });
    expect(switched.current).toEqual({ certificate: introduced.next?.certificate, key: introduced.next?.key });
    expect(switched.next).toBeUndefined();
    expect(JSON.stringify(switched)).not.toContain(JSON.stringify(first.current.key).slice(40, -40));
  });

  test('taken out of a bundle while it settles, it settles anew', () => {
    const bundles = [bundleOf(announced), bundleOf(first)];
    const hidden = stored(step({ stored: announced, bundles, now: due + second + settling }), 'next hidden');
    expect(hidden.next).toEqual(introduced.next);
    expect(step({ stored: hidden, bundles, now: due + second + settling })).toMatchObject({ kind: 'publish' });
  });

  test('a time in the future, of a clock that was wrong, is no settling that lasts for years', () => {
    const wrong = { ...announced, next: { ...authorityAt(due), announced: due + 400 * day } };
    const again = stored(step({ stored: wrong, bundles: both(bundleOf(wrong)), now: due }), 'next announced');
    expect(again.next?.announced).toBe(due);
  });

  test('the previous one stays in the bundles until no leaf of it can be in use', () => {
    const at = due + second + settling;
    const [previous] = switched.previous;
    const ends = new X509Certificate(first.current.certificate).validToDate.getTime();
    expect(previous).toEqual({
      certificate: first.current.certificate,
      until: Math.min(at + lives.leaf + settling, ends),
    });
    const until = previous?.until ?? 0;
    const bundles = both(bundleOf(switched));
    expect(certificatesIn(bundles[0] ?? '')).toEqual([switched.current.certificate, first.current.certificate]);
    expect(step({ stored: switched, bundles, now: until - 1 })).toEqual({ kind: 'wait', until });
    const alone = stored(step({ stored: switched, bundles, now: until }), 'previous gone');
    expect(alone.previous).toEqual([]);
    expect(step({ stored: alone, bundles, now: until })).toEqual({
      kind: 'publish',
      bundle: switched.current.certificate,
    });
  });

  test('an order starts one at any time, and each order only one', () => {
    const bundles = both(bundleOf(first));
    const ordered = stored(step({ stored: first, bundles, order: 'monday' }), 'next made');
    expect(ordered.order).toBe('monday');
    const done = { ...first, order: 'monday' };
    expect(step({ stored: done, bundles, order: 'monday' })).toMatchObject({ kind: 'wait' });
    // Whoever takes the annotation away orders nothing.
    expect(step({ stored: done, bundles })).toMatchObject({ kind: 'wait' });
    // An order that was there before the first authority is carried out by making it.
    expect(stored(step({ order: 'monday' }), 'made').order).toBe('monday');
  });

  test('what is stored is read as it was, and nothing else is', () => {
    for (const one of [first, introduced, announced, switched])
      expect(parseAuthorities(JSON.stringify(one))).toEqual(one);
    expect(() => parseAuthorities('')).toThrow('it is no JSON');
    expect(() => parseAuthorities('[]')).toThrow('it is no object');
    expect(() => parseAuthorities('{"order":"","previous":[]}')).toThrow('current has no key');
    const broken = { ...first, current: { ...first.current, certificate: 'x' } };
    expect(() => parseAuthorities(JSON.stringify(broken))).toThrow('the certificate of current is none');
  });
});

describe('where there is no authority to go on from', () => {
  const foreign = authorityAt(start, 90 * day).certificate;
  const over = authorityAt(start - 90 * day, 30 * day).certificate;

  test('a new one is made, and what the bundles hold stays as long as leaves of it may be in use', () => {
    const begun = stored(step({ bundles: [foreign, `${over}${foreign}`, 'x'] }), 'made');
    expect(begun.previous).toEqual([{ certificate: foreign, until: start + lives.leaf + settling }]);
  });

  test('one that has ended is replaced at once: nobody verifies anything by it', () => {
    const ended = { ...first, next: authorityAt(start) };
    const bundles = both(bundleOf(ended));
    const now = start + lives.authority;
    expect(stored(step({ stored: ended, bundles, now }), 'made').previous).toEqual([]);
    expect(step({ stored: first, bundles: both(bundleOf(first)), now: now - second })).toMatchObject({
      what: 'next made',
    });
  });
});

describe('a leaf', () => {
  const leaf = makeLeaf(first.current, names, { now: start, lives, order: '' });
  const situation = {
    leaf,
    current: first.current.certificate,
    order: '',
    now: start,
    isSettled: true,
    isTrusted: true,
  };

  test('is renewed at two thirds of its life by the clock on the wall, forwards and backwards', () => {
    expect(leafIsDue({ ...situation, leaf: undefined })).toBe(true);
    expect(leafIsDue({ ...situation, now: start + 8 * second - 1 })).toBe(false);
    expect(leafIsDue({ ...situation, now: start + 8 * second })).toBe(true);
    expect(leafIsDue({ ...situation, now: start - day })).toBe(true);
  });

  test('is renewed by an order that it was not made under', () => {
    expect(leafIsDue({ ...situation, order: 'monday' })).toBe(true);
  });

  test('is given up for one of another authority when the apiservers know that one, or do not know its own', () => {
    const other = { ...situation, current: authorityAt(start).certificate };
    expect(leafIsDue(other)).toBe(true);
    expect(leafIsDue({ ...other, isSettled: false })).toBe(false);
    expect(leafIsDue({ ...other, isSettled: false, now: start + 9 * second })).toBe(false);
    expect(leafIsDue({ ...other, isSettled: false, isTrusted: false })).toBe(true);
    expect(leafIsDue({ ...other, isSettled: false, now: start + lives.leaf })).toBe(true);
  });

  test('does not outlive its authority', () => {
    const late = makeLeaf(first.current, names, { now: start + 30 * second, lives, order: '' });
    expect(late.ends).toBe(start + lives.authority);
    expect(late.renewal).toBe(start + 34 * second);
  });
});

test('by default ten days are left of a leaf when it is renewed: more than the alert and the doctor wait for', () => {
  expect(defaultLives.leaf / 3).toBeGreaterThan(7 * day);
  expect(settlingTime(defaultLives)).toBe(300 * second);
});
