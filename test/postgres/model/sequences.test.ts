import { appendFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missingTools } from '../../support/tool.ts';
import type { Command, Expected } from './commands.ts';
import { sequences } from './commands.ts';
import { System } from './system.ts';

/**
 * Random lives of a set, with real servers, under one law (system.ts). Ten in each run of the ring, always the same and short ones; a night by hand:
 *
 *   PGUSHER_SEQUENCES=200 PGUSHER_SEQUENCE_STEPS=40 PGUSHER_SEED=$RANDOM npm run test:postgres -- test/postgres/model
 *
 * With PGUSHER_SEQUENCES_TO=FILE each sequence is written there, a line each, and its failure. What fails is not made smaller: each life takes the
 * better part of a minute, and its steps say enough.
 */
const runs = Number(process.env['PGUSHER_SEQUENCES'] ?? 10);
const steps = Number(process.env['PGUSHER_SEQUENCE_STEPS'] ?? 8);
/** With this one every kind of step is among the ten times eight. */
const seed = Number(process.env['PGUSHER_SEED'] ?? 2);
const file = process.env['PGUSHER_SEQUENCES_TO'];

/** They wait for most of their time: for a receiver, a verified base backup, a server that comes up. */
const atOnce = 3;

async function live(commands: readonly Command[]): Promise<string | null> {
  const startedAt = performance.now();
  let system: System | null = null;
  let failure: string | null = null;
  try {
    const real = await System.make();
    system = real;
    const model = (): Expected => ({
      up: false,
      safe: true,
      current: true,
      dataSnapshots: 1,
      storeSnapshots: 1,
      marks: 0,
    });
    await fc.asyncModelRun(() => ({ model: model(), real }), commands);
  } catch (error) {
    // The log of a server in it may be long.
    failure = (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(-4000);
  } finally {
    await system?.remove();
  }
  if (file !== undefined) {
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    appendFileSync(file, `${JSON.stringify({ seconds, steps: system?.steps ?? [], failure })}\n`);
  }
  return failure === null ? null : `after ${system?.steps.join(', ') ?? 'nothing'}: ${failure}`;
}

describe.skipIf(missingTools('postgres', 'pg_receivewal', 'pg_basebackup'))('any sequence of misfortunes', () => {
  it(
    `keeps every row that was acknowledged, or the pod is down with a word (${runs} sequences, seed ${seed})`,
    { timeout: runs * 600_000 },
    async () => {
      const waiting = fc.sample(sequences(steps), { numRuns: runs, seed });
      const failures: string[] = [];
      const one = async (): Promise<void> => {
        for (let commands = waiting.shift(); commands !== undefined; commands = waiting.shift()) {
          const failure = await live(commands);
          if (failure !== null) failures.push(failure);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, one));
      expect(failures).toEqual([]);
    },
  );
});
