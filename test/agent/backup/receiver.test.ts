import { describe, expect, it } from 'vitest';
import { classifyReceiverEnd } from '../../../src/agent/backup/receiver.ts';

const said = (line: string): string => `pg_receivewal: error: ${line}\npg_receivewal: disconnected\n`;

describe('the end of a receiver', () => {
  it.each([
    [
      'wal-removed',
      'unexpected termination of replication stream: ERROR:  requested WAL segment 000000010000000000000002 has already been removed',
    ],
    [
      'wal-removed',
      'could not send replication command "START_REPLICATION": ERROR:  cannot read from replication slot "pgusher"\ndetail: This slot has been invalidated because it exceeded the maximum reserved size.',
    ],
    [
      'slot-missing',
      'could not send replication command "START_REPLICATION": ERROR:  replication slot "pgusher" does not exist',
    ],
    [
      'ahead',
      'could not send replication command "START_REPLICATION": ERROR:  requested starting point 0/5000000 is ahead of the WAL flush position of this server 0/4000090',
    ],
    ['store-full', 'could not write 8192 bytes to WAL file "000000010000000000000002": No space left on device'],
    ['store-full', 'could not pad transaction log file "x": No space left on device'],
    ['disconnected', 'connection to server at "127.0.0.1", port 5432 failed: Connection refused'],
    ['disconnected', 'replication stream was terminated before stop point'],
    ['failed', 'could not fsync file "x": Input/output error'],
  ])('is %s where it says: %s', (kind, line) => {
    expect(classifyReceiverEnd(said(line), 'exit code 1').kind).toBe(kind);
  });

  it('without a word is told by the signal', () => {
    expect(classifyReceiverEnd('', 'SIGKILL')).toEqual({
      kind: 'disconnected',
      message: 'pg_receivewal ended with SIGKILL',
    });
  });

  it('keeps the words, without the program and its hints', () => {
    expect(classifyReceiverEnd(said('could not fsync file "x": Input/output error'), 'exit code 1')).toEqual({
      kind: 'failed',
      message: 'could not fsync file "x": Input/output error',
    });
  });
});
