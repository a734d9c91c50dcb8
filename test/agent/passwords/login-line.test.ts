import { describe, expect, it } from 'vitest';
import { drawAddress, withLoginLine, withoutLoginLine } from '../../../src/agent/passwords/login-line.ts';

const hba = '# mine\nhost all all 127.0.0.1/32 scram-sha-256\n';

describe('the line for one login after a restore', () => {
  it('stands before all others, for the superuser and one address', () => {
    expect(withLoginLine(hba, 'post"gres', '127.83.1.2')).toBe(
      `# pgusher: begin (one login after a restore; pgusher takes it out again)
host postgres,template1 "post""gres" 127.83.1.2/32 trust
# pgusher: end
${hba}`,
    );
  });

  it('takes the place of one before, and goes without a trace', () => {
    const first = withLoginLine(hba, 'postgres', '127.83.1.2') ?? '';
    const second = withLoginLine(first, 'postgres', '127.9.8.7') ?? '';
    expect(second).not.toContain('127.83.1.2');
    expect(withoutLoginLine(second)).toBe(hba);
    expect(withoutLoginLine(hba)).toBe(hba);
  });

  it('leaves the lines of the replication role, whose end looks the same', () => {
    const replication = `# pgusher: begin (kept by pgusher; write your own lines outside of it)
host replication "replicator" all scram-sha-256
# pgusher: end
${hba}`;
    expect(withoutLoginLine(withLoginLine(replication, 'postgres', '127.83.1.2') ?? '')).toBe(replication);
    const below = replication.replace(hba, withLoginLine(hba, 'postgres', '127.83.1.2') ?? '');
    expect(withoutLoginLine(below)).toBe(replication);
  });

  it.each(['two\nlines', '/^any'])('is not written for %j', (name) => {
    expect(withLoginLine(hba, name, '127.83.1.2')).toBeUndefined();
  });

  it('names an address of loopback that no proxy comes from', () => {
    const drawn = Array.from({ length: 2000 }, drawAddress);
    expect(drawn.filter((address) => !/^127\.(?!0\.)\d+\.\d+\.(?!0$)\d+$/.test(address))).toEqual([]);
    expect(new Set(drawn).size).toBeGreaterThan(1990);
  });
});
