import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newStatus } from '../../../src/agent/backup/agent-status.ts';
import type { BackupContract } from '../../../src/agent/contract.ts';
import type { Log } from '../../../src/agent/log.ts';
import { newOffsiteStatus } from '../../../src/agent/offsite/offsite-status.ts';
import type { OffsiteStatus } from '../../../src/agent/offsite/offsite-status.ts';
import { OffsiteCopy } from '../../../src/agent/offsite/offsite-copy.ts';
import { folderOfSet, setPlace } from '../../../src/agent/offsite/set-place.ts';
import { formatLsn } from '../../../src/agent/store/wal-name.ts';
import { directoryPlace } from '../../support/directory-place.ts';
import { backupAt, ClaimFolder, identity, keepTwo, never, segment, segmentSize, systemId } from './claim-folder.ts';

const quiet = (): undefined => undefined;
const log = { info: quiet, warn: quiet, error: quiet, debug: quiet } as unknown as Log;
const minute = (number: number): Date => new Date(Date.UTC(2026, 10, 29, 12, number));

/** What is said of the copy: never more than is there. The last look is one at which everything was sent. */
describe('up to when everything is off-site', () => {
  let directory = '';
  let claim: ClaimFolder;
  let copy: OffsiteCopy;
  let own: OffsiteStatus;
  let clock = minute(0);
  const status = newStatus({ namespace: 'shop', set: 'orders', startedAt: minute(0), backupWanted: true });
  const incoming = (name: string): string => join(claim.root, systemId, 'incoming/00000001', name);

  /** As the receiver says it. */
  function received(position: number, through: Date): void {
    Object.assign(status.receiver, {
      streaming: true,
      flushedLsn: formatLsn(BigInt(position)),
      flushedThrough: through,
    });
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pgusher-copy-'));
    claim = new ClaimFolder(join(directory, 'claim'));
    await claim.identity();
    await claim.wal(1, 2, 3);
    await claim.backup(backupAt(1));
    await claim.partial(4, 5000);
    status.server = { kind: 'primary', systemId, timeline: 1, major: 17 };
    received(4 * segmentSize + 5000, minute(1));
    own = newOffsiteStatus('here', 5);
    clock = minute(2);
    copy = new OffsiteCopy({
      context: {
        status,
        system: { systemId, segmentSize },
        copied: null,
        liveBackup: { ...keepTwo, verify: false } as BackupContract,
        edges: { log },
      },
      status: own,
      place: setPlace(directoryPlace(join(directory, 'bucket'), quiet), folderOfSet(identity), quiet),
      root: claim.root,
      spooled: false,
      pushMs: 60_000,
      now: () => clock,
    });
    await copy.pushWal(never, false);
    expect(own).toMatchObject({ lagBytes: 0, completeThrough: minute(1), completeAt: minute(2) });
    clock = minute(4);
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('a segment that is finished and not in wal/ yet is not there', async () => {
    await rename(incoming(`${segment(4)}.partial`), incoming(segment(4)));
    received(5 * segmentSize, minute(3));
    await copy.pushWal(never, false);
    expect(own).toMatchObject({ completeThrough: minute(1), completeAt: minute(2), lagBytes: segmentSize });
    await rm(incoming(segment(4)));
    await claim.wal(4);
    await copy.pushWal(never, false);
    expect(own).toMatchObject({ completeThrough: minute(3), completeAt: minute(4), lagBytes: 0 });
  });

  it('what the receiver wrote is not there because the receiver is away for a moment', async () => {
    await claim.partial(4, 9000);
    received(4 * segmentSize + 9000, minute(3));
    status.receiver.streaming = false;
    await copy.pushWal(never, false);
    expect(own).toMatchObject({ completeThrough: minute(1), completeAt: minute(2), lagBytes: 4000 });
  });

  it('a connection that ended says nothing of what the server writes now', async () => {
    status.server = { kind: 'waiting', reason: 'the connection ended' };
    status.receiver.streaming = false;
    await copy.pushWal(never, false);
    expect(own).toMatchObject({ completeThrough: minute(1), completeAt: minute(4), lagBytes: 0 });
  });
});
