import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/admission/admission.ts';
import { mutate } from '../../src/admission/mutate.ts';
import { decodeReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { managedSet, plainContext, reviewOf } from '../support/review.ts';

function requestOf(object: JsonObject, oldObject: JsonObject | undefined): AdmissionRequest {
  const operation = oldObject === undefined ? 'CREATE' : 'UPDATE';
  const decoded = decodeReview(JSON.stringify(reviewOf({ operation, object, oldObject: oldObject ?? null })));
  if (decoded.kind === 'malformed') throw new Error(decoded.message);
  return decoded.request;
}

const label = 'postgres.io/managed';
const secret = { valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } };

/** Sets that people write: safe and unsafe ones, managed and not. */
const set: fc.Arbitrary<JsonObject> = fc
  .record({
    labels: fc.constantFrom<JsonObject>(
      { [label]: 'true' },
      { [label]: 'true', app: 'orders' },
      { [label]: 'yes' },
      {},
    ),
    annotations: fc.dictionary(
      fc.constantFrom(
        'backup',
        'backup-keep',
        'stop-grace',
        'probes',
        'pre-stop',
        'role',
        'allow-fsync-off',
        'nonsense',
      ),
      fc.constantFrom('on', 'off', '7', '60', 'auto', 'primary', 'tested elsewhere', ''),
      { maxKeys: 3 },
    ),
    image: fc.constantFrom(
      'postgres:17.6-bookworm',
      'postgres:17.7-bookworm',
      'postgres:18',
      'postgres:latest',
      'bitnami/postgresql:17',
      'nginx',
    ),
    env: fc.subarray<JsonObject>([
      { name: 'POSTGRES_PASSWORD', ...secret },
      { name: 'POSTGRES_PASSWORD', value: 'not-a-secret' },
      { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
      { name: 'POSTGRES_HOST_AUTH_METHOD', value: 'trust' },
    ]),
    args: fc.subarray(['-c', 'fsync=off', '-cwal_level=minimal', '--max-wal-senders=10']),
    replicas: fc.constantFrom(0, 1, 3),
  })
  .map(({ annotations, ...parts }) =>
    managedSet({
      ...parts,
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([name, value]) => [`postgres.io/${name}`, value]),
      ),
    }),
  );

test('/validate never refuses what /mutate let through, and /mutate has nothing to add to it', () => {
  let [allowed, denied] = [0, 0];
  fc.assert(
    fc.property(fc.array(set, { minLength: 1, maxLength: 4 }), (sets) => {
      let stored: JsonObject | undefined;
      for (const object of sets) {
        const request = requestOf(object, stored);
        const verdict = mutate(request, plainContext);
        if (!verdict.allowed) {
          expect(validate(request, plainContext).allowed).toBe(false);
          denied += 1;
          continue;
        }
        const final = requestOf(verdict.object ?? object, stored);
        expect(validate(final, plainContext)).toMatchObject({ allowed: true, findings: verdict.findings });
        expect(mutate(final, plainContext)).toMatchObject({ allowed: true, operations: [] });
        stored = verdict.object ?? object;
        allowed += 1;
      }
    }),
    { numRuns: 1500 },
  );
  expect(allowed).toBeGreaterThan(500);
  expect(denied).toBeGreaterThan(500);
});
