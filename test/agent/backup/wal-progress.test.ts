import { describe, expect, it } from 'vitest';
import { createWalProgress } from '../../../src/agent/backup/wal-progress.ts';

const second = (number: number): Date => new Date(number * 1000);

describe('how far the store is in time', () => {
  it('is not known before it has reached a position that was noted', () => {
    const progress = createWalProgress();
    progress.note(100n, second(1));
    expect(progress.reached(50n)).toBeNull();
  });

  it('is when the newest position that it reached was the server’s', () => {
    const progress = createWalProgress();
    progress.note(100n, second(1));
    progress.note(200n, second(2));
    progress.note(300n, second(3));
    expect(progress.reached(250n)).toEqual(second(2));
    expect(progress.reached(250n)).toEqual(second(2));
    expect(progress.reached(300n)).toEqual(second(3));
  });

  it('stays a lower bound where the receiver is behind for longer than is remembered', () => {
    const progress = createWalProgress();
    for (let number = 1; number <= 5000; number += 1) {
      progress.note(BigInt(number * 100), second(number));
    }
    expect(progress.reached(100n)).toEqual(second(1));
    expect(progress.reached(500_000n)).toEqual(second(5000));
  });
});
