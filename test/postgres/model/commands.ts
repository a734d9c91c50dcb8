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

export type Command = fc.AsyncCommand<Expected, System>;

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
      expected.dataSnapshots = system.snapshots.data.length;
      expected.storeSnapshots = system.snapshots.store.length;
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
  (system) => system.mark(),
);

/** The store of the pod that takes over begins with it: until it is settled a loss may take everything. */
const promote = (hard: boolean): Command =>
  command(
    hard ? 'kill -9 and promote the other' : 'promote the other',
    ({ up }) => up,
    async (system, expected) => {
      await system.promote(hard);
      expected.safe = false;
      expected.current = true;
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

/** How often each is chosen among those that make sense where it stands. */
const weights: readonly (readonly [number, (index: number) => Command])[] = [
  [3, () => start('stop')],
  [4, () => start('catch-up')],
  [2, () => start('fork')],
  [2, () => settle],
  [1, () => write(3, 320)],
  [2, () => write(20, 64_000)],
  [2, () => kill],
  [1, () => stop],
  [1, () => upgrade],
  [1, () => mark],
  [1, () => promote(false)],
  [1, () => promote(true)],
  [2, () => loseData],
  [1, () => loseStore],
  [1, () => fill('data', true)],
  [1, () => fill('store', false)],
  [1, () => fill('store', true)],
  [1, () => snapshotData],
  [1, () => snapshotStore],
  [3, putBackData],
  [1, putBackStore],
  [2, restoreTo],
];

/** Any step that makes sense where the system stands: no draw is in vain. */
class Step implements Command {
  private readonly draw: number;
  private readonly index: number;

  constructor(draw: number, index: number) {
    this.draw = draw;
    this.index = index;
  }

  check(): boolean {
    return true;
  }

  async run(expected: Expected, system: System): Promise<void> {
    const possible = weights
      .flatMap(([weight, make]) => Array.from({ length: weight }, () => make(this.index)))
      .filter((one) => one.check(expected));
    await possible[this.draw % possible.length]?.run(expected, system);
  }

  toString(): string {
    return `step ${this.draw}`;
  }
}

export function sequences(steps: number): fc.Arbitrary<readonly Command[]> {
  const step = fc.tuple(fc.noBias(fc.nat()), fc.nat({ max: 3 })).map(([draw, index]) => new Step(draw, index));
  return fc.array(step, { minLength: steps, maxLength: steps, size: 'max' });
}
