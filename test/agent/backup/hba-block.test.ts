import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withReplicationLines } from '../../../src/agent/backup/hba-block.ts';

const file = '# TYPE  DATABASE        USER            ADDRESS                 METHOD\nhost all all all scram-sha-256\n';

describe('the replication line of pg_hba.conf', () => {
  it('stands before everything else, between two marks', () => {
    expect(withReplicationLines(file, 'replicator', 'samenet', false)).toBe(
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
          const once = withReplicationLines(text, 'earlier', 'samehost', false);
          const twice = withReplicationLines(once, role, 'samenet', false);
          expect(twice).toBe(withReplicationLines(text, role, 'samenet', false));
          expect(withReplicationLines(twice, role, 'samenet', false)).toBe(twice);
          expect(twice.endsWith(text)).toBe(true);
        },
      ),
    );
  });

  it('is one for each network, and asks for TLS where the server has it', () => {
    expect(withReplicationLines('', 'replicator', '10.0.0.0/8, fd00::/8', true)).toBe(
      `# pgusher: begin (kept by pgusher; write your own lines outside of it)
hostssl replication "replicator" 10.0.0.0/8 scram-sha-256
hostssl replication "replicator" fd00::/8 scram-sha-256
# pgusher: end
`,
    );
  });

  it('quotes a name with quotes, and refuses one that cannot stand there', () => {
    expect(withReplicationLines('', 'a "b", c', 'samenet', false)).toContain(
      'host replication "a ""b"", c" samenet scram-sha-256\n',
    );
    expect(() => withReplicationLines('', '/^a', 'samenet', false)).toThrow(
      'the replication user "/^a" cannot stand in pg_hba.conf; wanted a name without line break that does not begin with /',
    );
  });
});
