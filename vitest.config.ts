import { defineConfig } from 'vitest/config';
import { isAtLeast } from './scripts/cluster/kubernetes.ts';

/**
 * What hangs is ended after this. It says nothing about how long a test may take: a machine that others use too has been seen
 * twenty times slower than it is alone, and what a test waits for has a limit of its own.
 */
const hanging = 1_200_000;

/** The rings of docs/testing.md. `core` needs nothing but Node; the others need tools, see test/support/tool.ts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'core',
          setupFiles: ['test/support/seed.ts'],
          // Whatever belongs to no other ring: a new folder of tests is run without a word here.
          include: ['test/**/*.test.ts'],
          exclude: ['test/{apiserver,postgres,scenarios}/**'],
          testTimeout: hanging,
          hookTimeout: hanging,
          // Many of its tests wait for a process or a clock.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'apiserver',
          setupFiles: ['test/support/seed.ts'],
          include: ['test/apiserver/**/*.test.ts'],
          exclude: isAtLeast(37) ? [] : ['test/apiserver/static-policy.test.ts'],
          testTimeout: hanging,
          // It builds kube-apiserver where it is not there yet.
          hookTimeout: 3 * hanging,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'postgres',
          setupFiles: ['test/support/seed.ts', 'test/postgres/support/compiled.ts'],
          include: ['test/postgres/**/*.test.ts'],
          testTimeout: hanging,
          hookTimeout: hanging,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/scenarios/*/*.test.ts'],
          globalSetup: ['test/scenarios/support/set-up.ts'],
          testTimeout: hanging,
          hookTimeout: hanging,
          // They wait for the kubelet more than they work; each has its namespace.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'cluster alone',
          // Some take the webhook away from all, one measures times.
          include: ['test/scenarios/alone/*/*.test.ts'],
          globalSetup: ['test/scenarios/support/set-up.ts'],
          testTimeout: hanging,
          hookTimeout: hanging,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
