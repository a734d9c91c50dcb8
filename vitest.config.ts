import { defineConfig } from 'vitest/config';

/** The rings of docs/testing.md. `core` needs nothing but Node; the others need tools, see test/support/tool.ts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'core',
          include: [
            'test/*.test.ts',
            'test/{workload,checks,injections,engines,plan,pinning,admission,server,cluster,certificates,commands,config,manifests}/**/*.test.ts',
            'test/agent/**/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'apiserver',
          include: ['test/apiserver/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts'],
          // What is waited for has limits of its own (test/support/postgres-server.ts); these are for what hangs.
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
