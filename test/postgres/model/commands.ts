import fc from 'fast-check';
import type { WhenBehind } from '../../../src/agent/contract.ts';
import { canMount } from '../../support/tool.ts';
import type { System } from './system.ts';

/** What decides which steps make sense; each is true before a step is taken. */
export interface Expected {
  up: boolean;
  /** What the store has is enough to bring everything back: one loss at a time, as no backup outlives two. */
  safe: boolean;
  /** PGDATA is the newest that there is. */
  current: boolean;
  dataSnapshots: number;
  storeSnapshots: number;
  marks: number;
}

const canFill = canMount();

type Command = fc.AsyncCommand<Expected, System>;

function command(
  name: string,
  may: (expected: Expected) => boolean,
  run: (system: System, expected: Expected) => Promise<void> | void,
): Command {
  return {
    check: may,
    run: async (expected, system) => {
      system.steps.push(name);
      await run(system, expected);
      expected.up = system.isUp;
      expected.marks = system.marks.length;
      await system.check();
    },
    toString: () => name,
  };
}

const start = (whenBehind: WhenBehind): Command =>
  command(
    `start ${whenBehind}`,
    ({ up }) => !up,
    async (system, expected) => {
      await system.start(whenBehind);
      expected.current = system.isUp || expected.current;
    },
  );

/** Writes, waits until it is received and backed up. From here on a loss is survived. */
const settle = command(
  'settle',
  ({ up }) => up,
  async (system, expected) => {
    await system.untilProtected();
    expected.safe = true;
  },
);

const write = (count: number, bytes: number): Command =>
  command(
    `write ${count} of ${bytes}`,
    ({ up }) => up,
    (system) => system.write(count, bytes),
  );

const kill = command(
  'kill -9',
  ({ up }) => up,
  (system) => system.crash(),
);

const stop = command(
  'stop',
  ({ up }) => up,
  (system) => system.stop(),
);

const upgrade = command(
  'upgrade the agent',
  ({ up }) => up,
  (system) => system.upgrade(),
);

const mark = command(
  'mark',
  ({ up, safe }) => up && safe,
  async (system, expected) => {
    await system.mark();
    expected.marks += 1;
  },
);

const loseData = command(
  'lose the data volume',
  ({ up, safe }) => !up && safe,
  (system, expected) => {
    system.loseData();
    expected.current = false;
  },
);

const loseStore = command(
  'lose the store',
  ({ up, current }) => !up && current,
  (system, expected) => {
    system.whole.lose('store');
    expected.safe = false;
  },
);

/** Until it is settled again a loss may take what could not be received. */
const fill = (place: 'data' | 'store', thenKill: boolean): Command =>
  command(
    `fill the ${place} volume${thenKill ? ' and kill -9' : ''}`,
    ({ up }) => up && canFill,
    async (system, expected) => {
      expected.safe = false;
      await system.fill(place, thenKill);
    },
  );

const snapshotData = command(
  'snapshot of the data volume',
  ({ up, current }) => !up && current,
  (system, expected) => {
    system.takeSnapshot('data');
    expected.dataSnapshots += 1;
  },
);

const snapshotStore = command(
  'snapshot of the store',
  ({ up }) => !up,
  (system, expected) => {
    system.takeSnapshot('store');
    expected.storeSnapshots += 1;
  },
);

const putBackData = (index: number): Command =>
  command(
    `put back snapshot ${index} of the data volume`,
    ({ up, safe, dataSnapshots }) => !up && safe && dataSnapshots > 0,
    (system, expected) => {
      system.putBack('data', index);
      expected.current = false;
    },
  );

const putBackStore = (index: number): Command =>
  command(
    `put back snapshot ${index} of the store`,
    ({ up, current, storeSnapshots }) => !up && current && storeSnapshots > 0,
    (system, expected) => {
      system.putBack('store', index);
      expected.safe = false;
    },
  );

const restoreTo = (index: number): Command =>
  command(
    `restore to mark ${index}`,
    ({ up, safe, marks }) => !up && safe && marks > 0,
    async (system, expected) => {
      const found = system.marks[index % system.marks.length];
      if (found !== undefined) {
        await system.restoreTo(found);
        expected.current = system.isUp;
        expected.safe = expected.safe && !system.isUp;
      }
    },
  );

/** Drawn by weight; a step that makes no sense where it stands is passed over. */
export function sequences(least: number, most: number): fc.Arbitrary<readonly Command[]> {
  const index = fc.nat({ max: 3 });
  return fc.array(
    fc.oneof(
      fc.constant(start('stop')),
      fc.constant(start('stop')),
      fc.constant(start('catch-up')),
      fc.constant(start('catch-up')),
      fc.constant(start('fork')),
      fc.constant(settle),
      fc.constant(settle),
      fc.constant(write(3, 320)),
      fc.constant(write(20, 64_000)),
      fc.constant(kill),
      fc.constant(kill),
      fc.constant(stop),
      fc.constant(upgrade),
      fc.constant(mark),
      fc.constant(loseData),
      fc.constant(loseStore),
      fc.constant(fill('data', true)),
      fc.constant(fill('store', false)),
      fc.constant(fill('store', true)),
      fc.constant(snapshotData),
      fc.constant(snapshotData),
      fc.constant(snapshotStore),
      index.map(putBackData),
      index.map(putBackData),
      index.map(putBackStore),
      index.map(restoreTo),
    ),
    { minLength: least, maxLength: most, size: 'max' },
  );
}
