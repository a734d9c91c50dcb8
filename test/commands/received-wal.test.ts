import { describe, expect, it } from 'vitest';
import type { ServerPosition } from '../../src/agent/standby/promotion-commands.ts';
import { untilLevel } from '../../src/commands/received-wal.ts';

const at = (pod: string, lsn: string): ServerPosition => ({
  pod,
  lsn,
  systemId: '7',
  timeline: 1,
  takesWrites: false,
});

/** A pod that answers with one position after the other. */
function answering(...lsns: readonly string[]): {
  agent: () => Promise<{ code: number; out: string; error: string }>;
  asked: () => number;
} {
  let asked = 0;
  return {
    agent: async () => {
      const lsn = lsns[Math.min(asked, lsns.length - 1)] ?? '0/0';
      asked += 1;
      return { code: 0, out: JSON.stringify(at('db-1', lsn)), error: '' };
    },
    asked: () => asked,
  };
}

describe('a standby that is to be promoted beside one that has more', () => {
  // Seen under writers: db-1 was asked a moment before db-2, and was told to be behind by 9,432 bytes.
  it('is waited for while WAL flows: the two were not asked at the same moment', async () => {
    const pod = answering('0/609F000', '0/60A2000');
    const target = at('db-1', '0/609E3D0');
    await untilLevel(pod, 'db', { target, best: at('db-2', '0/60A08A8'), flows: true });
    expect(pod.asked()).toBe(2);
  });

  it('is refused at once where nothing flows any more', async () => {
    const pod = answering('0/60A2000');
    const target = at('db-1', '0/609E3D0');
    await expect(untilLevel(pod, 'db', { target, best: at('db-2', '0/60A08A8'), flows: false })).rejects.toThrow(
      'db-1 is behind db-2 by 9432 bytes (0/609E3D0 on timeline 1, the other 0/60A08A8 on 1): rows would be lost. Wanted: `pgusher promote db db-2`',
    );
    expect(pod.asked()).toBe(0);
  });
});
