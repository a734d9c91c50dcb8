import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AgentContract } from '../../../src/agent/contract.ts';
import type { BucketState } from '../../../src/agent/offsite/bucket-state.ts';
import type { ClaimState } from '../../../src/agent/offsite/decide-offsite.ts';
import { decideOffsite } from '../../../src/agent/offsite/decide-offsite.ts';
import type { StoreIdentity } from '../../../src/agent/store/layout.ts';
import { backupAt, identity, systemId } from './claim-folder.ts';

/** docs/boot-decision.md says what each cell does; here each of its rows is asked of the code. */
const inventory = { files: new Map<string, number>(), texts: new Map<string, string>() };
const wal = { segments: new Map(), partial: new Map(), histories: new Set<number>() };
const firstStart: StoreIdentity = { ...identity, systemId: null, major: null, segmentSize: null };
const otherStore: StoreIdentity = { ...identity, id: '5f0f7b9e-0000-4000-8000-000000000002' };
const backups = [backupAt(2)];

const claims: Readonly<Record<string, ClaimState>> = {
  backups: { kind: 'BACKUPS', identity, systemId, backups, wal, writeTrouble: null },
  claimed: { kind: 'CLAIMED', identity, systemId, wal, found: 'system 700, 3 WAL segments' },
  empty: { kind: 'EMPTY', identity: null },
  'its own, before a first start': { kind: 'EMPTY', identity: firstStart },
  'half filled': { kind: 'FETCHING', storeId: identity.id },
  other: { kind: 'OTHER', identity: { ...identity, set: 'invoices' } },
  unknown: { kind: 'UNKNOWN', reason: 'nothing is mounted at /pgusher-backup' },
};

const buckets: Readonly<Record<string, BucketState>> = {
  backups: { kind: 'BACKUPS', identity, systemId, backups, inventory },
  claimed: { kind: 'CLAIMED', identity, systemId, inventory, found: 'system 700, 3 WAL segments' },
  empty: { kind: 'EMPTY', identity: null },
  'other set': { kind: 'OTHER', identity: { ...identity, set: 'invoices' } },
  'other store': { kind: 'BACKUPS', identity: otherStore, systemId, backups, inventory },
  unknown: { kind: 'UNKNOWN', reason: 'GET STORE.json: 403 AccessDenied', mayPass: false },
};

const rows = readFileSync(new URL('../../../docs/boot-decision.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 6 && cells[1] !== 'the claim' && cells[1] !== '---')
  .map(([, claim = '', bucket = '', annotation = '', then = '']) => ({ claim, bucket, annotation, then }));

describe('the off-site copy in docs/boot-decision.md', () => {
  it.each(rows)('claim $claim, copy $bucket, "$annotation": $then', (row) => {
    const [claim, bucket] = [claims[row.claim], buckets[row.bucket]];
    if (claim === undefined || bucket === undefined) {
      throw new Error(`the table names "${row.claim}" and "${row.bucket}"`);
    }
    const bootstrap = (row.annotation.split(': ')[1] ?? 'auto') as AgentContract['bootstrap'];
    const { action } = decideOffsite({
      name: 's3://backups (shop/orders)',
      claim,
      bucket,
      contract: { bootstrap, namespace: 'shop', set: 'orders' },
      spooled: false,
    });
    expect(action.replace('-', ' ')).toBe(row.then);
  });

  it('has a row for each kind of claim and of copy', () => {
    expect(new Set(rows.map((row) => row.claim))).toEqual(new Set(Object.keys(claims)));
    expect(new Set(rows.map((row) => row.bucket))).toEqual(new Set(Object.keys(buckets)));
  });
});
