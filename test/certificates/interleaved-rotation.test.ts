import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAuthority } from '../../src/certificates/authority.ts';
import type { Authority } from '../../src/certificates/authority.ts';
import type { Authorities } from '../../src/certificates/built-in/authorities.ts';
import { leafIsDue, makeLeaf } from '../../src/certificates/built-in/leaf.ts';
import type { Leaf } from '../../src/certificates/built-in/leaf.ts';
import { settlingTime } from '../../src/certificates/built-in/lives.ts';
import { nextStep } from '../../src/certificates/built-in/next-step.ts';

/**
 * Replicas that are suspended and killed between any two of their calls, in orders that no machine can be brought to take: whoever answers
 * has a certificate that the apiserver verifies, by bundles as old as it may still hold. Versions of objects are the apiserver's own rule.
 */

const second = 1000;
const day = 86_400 * second;
const lives = { leaf: 12 * second, authority: 36 * second };
const settling = settlingTime(lives);
/** How old the configurations may be that an apiserver goes by. */
const lag = settling - second;
const names = { dnsNames: ['pgusher.pgusher-system.svc'], addresses: [] } as const;
const begin = Date.parse('2026-11-30T12:00:00Z');

interface World {
  now: number;
  secret: { stored: Authorities | undefined; version: number };
  /** Of both configurations. */
  configurations: { bundle: string; version: number; before: { bundle: string; until: number }[] }[];
  order: string;
}

interface Replica {
  leaf: Leaf | undefined;
  inBundleSince: Map<string, number>;
  /** What it does next, one call to the apiserver each time. */
  calls: Generator<undefined, never>;
}

let serial = 0;
function authorityAt(now: number): Authority {
  serial += 1;
  const authority = createAuthority(`authority ${String(serial)}`, { now: new Date(now), days: lives.authority / day });
  return authority;
}

function* look(world: World, replica: Omit<Replica, 'calls'>): Generator<undefined, never> {
  for (;;) {
    const read = world.configurations.map(({ bundle, version }) => ({ bundle, version }));
    yield;
    const { stored, version } = world.secret;
    const { now, order } = world;
    const bundles = read.map(({ bundle }) => bundle);
    const isIn = (certificate: string): boolean => bundles.every((bundle) => bundle.includes(certificate));
    if (stored !== undefined) {
      for (const { certificate } of [stored.current, ...(stored.next === undefined ? [] : [stored.next])]) {
        if (!isIn(certificate)) replica.inBundleSince.delete(certificate);
        else if (!replica.inBundleSince.has(certificate)) replica.inBundleSince.set(certificate, now);
      }
      const since = replica.inBundleSince.get(stored.current.certificate);
      const { leaf } = replica;
      const isDue = leafIsDue({
        leaf,
        current: stored.current.certificate,
        order: '',
        now,
        isSettled: since !== undefined && now >= since + settling,
        isTrusted: leaf !== undefined && isIn(leaf.authority),
      });
      if (isDue) replica.leaf = makeLeaf(stored.current, names, { now, lives, order: '' });
    }
    const step = nextStep({ stored, bundles, order, now, lives }, () => authorityAt(now));
    yield;
    if (step.kind === 'store' && world.secret.version === version) {
      world.secret = { stored: step.authorities, version: version + 1 };
    }
    if (step.kind !== 'publish') continue;
    for (const [index, { version: seen }] of read.entries()) {
      const configuration = world.configurations[index];
      if (configuration?.version === seen && configuration.bundle !== step.bundle) write(world, index, step.bundle);
      yield;
    }
  }
}

function write(world: World, index: number, bundle: string): void {
  const configuration = world.configurations[index];
  if (configuration === undefined) return;
  configuration.before.push({ bundle: configuration.bundle, until: world.now });
  configuration.bundle = bundle;
  configuration.version += 1;
}

/** Every bundle that an apiserver may go by now. */
function bundlesInUse({ configurations, now }: World): readonly string[] {
  return configurations.flatMap(({ bundle, before }) => [
    bundle,
    ...before.filter(({ until }) => until > now - lag).map((one) => one.bundle),
  ]);
}

function startReplica(world: World): Replica {
  const replica = { leaf: undefined, inBundleSince: new Map<string, number>() };
  return Object.assign(replica, { calls: look(world, replica) });
}

const event = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      who: fc.nat(2),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('time' as const), milliseconds: fc.integer({ min: 1, max: 2500 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), who: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('order' as const), text: fc.constantFrom('a', 'b', 'c') }) },
);

test('whoever is ready has a certificate that every apiserver verifies, whatever is suspended or killed when', () => {
  let rotations = 0;
  let judged = 0;
  fc.assert(
    fc.property(fc.array(event, { minLength: 60, maxLength: 160 }), (events) => {
      const world: World = {
        now: begin,
        secret: { stored: undefined, version: 1 },
        configurations: [0, 1].map(() => ({ bundle: '', version: 1, before: [] })),
        order: '',
      };
      const replicas = [startReplica(world), startReplica(world), startReplica(world)];
      /** Since they were ready; the first bundle has to be heard of. */
      const readySince = new Map<Replica, number>();
      for (const one of events) {
        switch (one.kind) {
          case 'call':
            for (let times = 0; times < one.times; times += 1) replicas[one.who]?.calls.next();
            break;
          case 'time':
            // Nobody sleeps on: each looks at least once in a tick, unless it is suspended, which the calls above decide.
            world.now += one.milliseconds;
            break;
          case 'kill':
            replicas[one.who] = startReplica(world);
            break;
          case 'order':
            world.order = one.text;
            break;
        }
        for (const replica of replicas) {
          const { leaf } = replica;
          // Of one that was suspended until its leaf had ended nothing can be hoped: it begins anew.
          if (leaf === undefined || world.now >= leaf.ends) {
            readySince.delete(replica);
            continue;
          }
          const isReady = world.configurations.every(({ bundle }) => bundle.includes(leaf.authority));
          if (isReady && !readySince.has(replica)) readySince.set(replica, world.now);
          const since = readySince.get(replica);
          if (since === undefined || world.now < since + lag) continue;
          judged += 1;
          for (const bundle of bundlesInUse(world)) expect(bundle.includes(leaf.authority)).toBe(true);
        }
      }
      rotations += world.secret.stored?.previous.length ?? 0;
    }),
    // Shrinking would make keys by the thousand.
    { numRuns: 100, endOnFailure: true },
  );
  expect(judged).toBeGreaterThan(1000);
  expect(rotations).toBeGreaterThan(10);
});
