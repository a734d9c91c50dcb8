import { expect, test } from 'vitest';
import { noFacts } from '../../src/workload/fact-table.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { superuserName } from '../../src/workload/superuser-name.ts';
import { workloadOf } from '../checks/check-fixture.ts';

/** Who becomes the superuser at the first start, where nothing but the object is known. */
function nameFor(container: JsonObject, image = 'postgres:17.6'): unknown {
  const object = {
    metadata: { name: 'orders', namespace: 'shop', labels: { 'postgres.io/managed': 'true' } },
    spec: { template: { spec: { containers: [{ name: 'postgres', image, ...container }] } } },
  };
  return superuserName(workloadOf(object), noFacts);
}

const variable = (value: string): JsonObject => ({ env: [{ name: 'POSTGRES_USER', value }] });

test.each<[container: JsonObject, image: string | undefined, expected: unknown]>([
  [{}, undefined, { name: 'postgres' }],
  [variable('app'), undefined, { name: 'app' }],
  // file_env of the image takes an empty one for none.
  [variable(''), undefined, { name: 'postgres' }],
  [variable('$(OF_THE_CLUSTER)'), undefined, undefined],
  [{ envFrom: [{ secretRef: { name: 'orders' } }] }, undefined, undefined],
  [{ envFrom: [{ configMapRef: { name: 'orders' } }] }, undefined, undefined],
  [{ env: [{ name: 'POSTGRES_USER_FILE', value: '/run/nowhere' }] }, undefined, undefined],
  // Their own ENV says who it is.
  [{}, 'supabase/postgres:15.8.1.085', undefined],
  [{}, 'registry.example/shop/orders-db:1.4', undefined],
  [variable('app'), 'registry.example/shop/orders-db:1.4', { name: 'app' }],
])('%j of %s: %j', (container, image, expected) => {
  expect(nameFor(container, image)).toEqual(expected);
});
