import { appendFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { missingTools } from '../../support/tool.ts';
import type { Expected } from './commands.ts';
import { sequences } from './commands.ts';
import { System } from './system.ts';

/**
 * Random lives of a pod, with real servers, under one law (system.ts). Four in each run of the ring, always the same, since each takes a minute or two; a night by hand:
 *
 *   PGUSHER_SEQUENCES=200 PGUSHER_SEED=$RANDOM npm run test:postgres -- test/postgres/model
 *
 * With PGUSHER_SEQUENCES_TO=FILE each sequence is written there, a line each, and its failure.
 */
const runs = Number(process.env['PGUSHER_SEQUENCES'] ?? 4);
const seed = Number(process.env['PGUSHER_SEED'] ?? 20_261_129);
const file = process.env['PGUSHER_SEQUENCES_TO'];

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('any sequence of misfortunes', () => {
  it(
    `keeps every row that was acknowledged, or the pod is down with a word (${runs} sequences, seed ${seed})`,
    { timeout: runs * 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(sequences(24, 40), async (commands) => {
          const system = await System.make();
          let failure = '';
          try {
            const model = (): Expected => ({
              up: true,
              safe: true,
              current: true,
              dataSnapshots: 1,
              storeSnapshots: 1,
              marks: 0,
            });
            await fc.asyncModelRun(() => ({ model: model(), real: system }), commands);
          } catch (error) {
            failure = error instanceof Error ? error.message : String(error);
            throw new Error(`after ${system.steps.join(', ')}: ${failure}`, { cause: error });
          } finally {
            if (file !== undefined) {
              appendFileSync(file, `${JSON.stringify({ steps: system.steps, failure })}\n`);
            }
            await system.whole.remove();
          }
        }),
        // A life takes a minute: to shrink it would take hours, and its steps say enough.
        { numRuns: runs, seed, endOnFailure: true },
      );
    },
  );
});
