import { expect, test } from 'vitest';
import { roleWithoutPrimary } from '../../src/checks/replication/role-without-primary.ts';
import { onCreation, workloadOf } from './check-fixture.ts';

/** The set `orders` with Service `orders-pods` in the namespace `shop`. */
function followsItself(role: string, primary: string): boolean {
  const workload = workloadOf({
    metadata: {
      name: 'orders',
      namespace: 'shop',
      annotations: {
        'postgres.io/role': role,
        'postgres.io/primary': primary,
        'postgres.io/replication-secret': 'orders-replication',
      },
    },
    spec: { serviceName: 'orders-pods' },
  });
  return (roleWithoutPrimary.examine?.(workload, onCreation) ?? []).some(({ message }) => message.includes('this set'));
}

test.each([
  ['standby', 'orders-0', true],
  ['standby', 'orders-0.orders-pods', true],
  ['standby', 'orders-0.orders-pods.shop:5432', true],
  ['standby', 'ORDERS-0.orders-pods.shop.svc', true],
  ['standby', 'orders-0.orders-pods.shop.svc.cluster.local.', true],
  ['standby', 'orders-pods', true],
  ['standby', 'orders-pods.shop.svc:5432', true],
  ['auto', 'orders-1.orders-pods', true],
  ['auto', 'orders-0.orders-pods', false],
  ['standby', 'orders-0.orders-pods.bank.svc', false],
  ['standby', 'orders-pods.bank', false],
  ['standby', 'orders-0.other-pods', false],
  ['standby', 'orders-new-0.orders-pods', false],
  ['standby', 'orders', false],
  ['standby', '10.0.0.7:5432', false],
  ['standby', 'db.example.org', false],
])('role %s following %s follows itself: %s', (role, primary, expected) => {
  expect(followsItself(role, primary)).toBe(expected);
});
