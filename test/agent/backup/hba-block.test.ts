import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withReplicationLine } from '../../../src/agent/backup/hba-block.ts';

const file = '# TYPE  DATABASE        USER            ADDRESS                 METHOD\nhost all all all scram-sha-256\n';

describe('the replication line of pg_hba.conf', () => {
  it('stands before everything else, between two marks', () => {
    expect(withReplicationLine(file, 'replicator', 'samenet')).toBe(
      `# pgusher: begin (kept by pgusher; write your own lines outside of it)
host replication "replicator" samenet scram-sha-256
# pgusher: end
${file}`,
    );
  });

  it('is replaced where the name or the network changed, and nothing else is touched', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('# pgusher:')),
        fc.string({ minLength: 1 }).filter((role) => !/[\r\n]/.test(role) && !role.startsWith('/')),
        (text, role) => {
          const once = withReplicationLine(text, 'earlier', 'samehost');
          const twice = withReplicationLine(once, role, 'samenet');
          expect(twice).toBe(withReplicationLine(text, role, 'samenet'));
          expect(withReplicationLine(twice, role, 'samenet')).toBe(twice);
          expect(twice.endsWith(text)).toBe(true);
        },
      ),
    );
  });

  it('quotes a name with quotes, and refuses one that cannot stand there', () => {
    expect(withReplicationLine('', 'a "b", c', 'samenet')).toContain(
      'host replication "a ""b"", c" samenet scram-sha-256\n',
    );
    expect(() => withReplicationLine('', '/^a', 'samenet')).toThrow(
      'the replication user "/^a" cannot stand in pg_hba.conf; wanted a name without line break that does not begin with /',
    );
  });
});
