import { describe, expect, it } from 'vitest';
import { newStatus, reasonsToLook, reasonsUnprotected } from '../../../src/agent/backup/agent-status.ts';
import type { AgentStatus } from '../../../src/agent/backup/agent-status.ts';
import { newOffsiteStatus } from '../../../src/agent/offsite/offsite-status.ts';

const startedAt = new Date('2026-11-21T07:00:00Z');

function protectedStatus(): AgentStatus {
  const status = newStatus({ namespace: 'shop', set: 'orders', startedAt, backupWanted: true });
  status.server = { kind: 'primary', systemId: '42', timeline: 1, major: 15 };
  status.store.ours = true;
  status.receiver.streaming = true;
  status.restoreRefused = null;
  status.backups.complete = [{ id: 'b', startedAt, finishedAt: startedAt, timeline: 1, storedSize: 1, verified: true }];
  return status;
}

describe('whether a set is protected', () => {
  it('is yes where WAL streams and there is a base backup in its own store', () => {
    expect(reasonsUnprotected(protectedStatus())).toEqual([]);
  });

  it('is no from the first moment on, with every reason', () => {
    expect(reasonsUnprotected(newStatus({ namespace: 'shop', set: 'orders', startedAt, backupWanted: true }))).toEqual([
      'the server is not there: not tried yet',
      'the store is not known to belong to this server',
      'there is no base backup',
      'WAL is not being received',
    ]);
  });

  it('is no without a claim where the off-site copy is not known, fails or is behind', () => {
    const status: AgentStatus = { ...protectedStatus(), spooled: true };
    expect(reasonsUnprotected(status)).toEqual(['the off-site copy is not known to have what was received']);
    const offsite = { ...newOffsiteStatus('s3://backups', 10), ours: true, completeThrough: startedAt };
    status.offsite = offsite;
    const later = (seconds: number): Date => new Date(startedAt.getTime() + seconds * 1000);
    status.receiver.flushedThrough = later(130);
    expect(reasonsUnprotected(status)).toEqual([]);
    status.receiver.flushedThrough = later(131);
    expect(reasonsUnprotected(status)).toEqual([
      'what was committed since 2026-11-21T07:00:00.000Z is not off-site yet',
    ]);
    status.receiver.flushedThrough = startedAt;
    status.failures.set('offsite', { at: startedAt, message: 'forbidden' });
    expect(reasonsUnprotected(status)).toEqual(['offsite: forbidden']);
    expect(reasonsUnprotected({ ...status, spooled: false })).toEqual([]);
  });

  it('is no where backups are off', () => {
    expect(reasonsUnprotected(newStatus({ namespace: 'shop', set: 'orders', startedAt, backupWanted: false }))).toEqual(
      ['backups are off, or there is no store'],
    );
  });

  it('is no after a gap until there is a base backup behind it', () => {
    const status = protectedStatus();
    status.backups.wanted = 'WAL is missing since 000000010000000000000002';
    expect(reasonsUnprotected(status)).toEqual([
      'a base backup is needed: WAL is missing since 000000010000000000000002',
    ]);
  });

  it('is no where a restore would be refused, and before that was asked', () => {
    const status = protectedStatus();
    status.restoreRefused = 'base backup b holds tablespaces (16384 at /fast)';
    expect(reasonsUnprotected(status)).toEqual([
      'a restore would be refused: base backup b holds tablespaces (16384 at /fast)',
    ]);
    const { restoreRefused } = newStatus({ namespace: 'shop', set: 'orders', startedAt, backupWanted: true });
    expect(reasonsUnprotected({ ...protectedStatus(), restoreRefused })).toEqual([
      'a restore would be refused: that was not looked at yet',
    ]);
  });

  it('is no while something is wrong', () => {
    const status = protectedStatus();
    status.failures.set('store', { at: startedAt, message: 'ENOSPC: no space left on device' });
    expect(reasonsUnprotected(status)).toEqual(['store: ENOSPC: no space left on device']);
  });

  it('is yes too where commits wait for a standby, or a restored role has no password of this pod; each is to be looked at', () => {
    const status = protectedStatus();
    status.failures.set('commits', { at: startedAt, message: 'every commit waits' });
    status.failures.set('passwords', { at: startedAt, message: 'the restored database has no role "shop"' });
    expect(reasonsUnprotected(status)).toEqual([]);
    expect(reasonsToLook(status, startedAt)).toEqual([
      'commits: every commit waits',
      'passwords: the restored database has no role "shop"',
    ]);
  });
});
