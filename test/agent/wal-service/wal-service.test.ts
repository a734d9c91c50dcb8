import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompressSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { segmentName } from '../../../src/agent/store/wal-name.ts';
import { startWalService } from '../../../src/agent/wal-service/wal-service.ts';
import type { WalService } from '../../../src/agent/wal-service/wal-service.ts';
import { fakeSegment, segmentSize, systemId } from '../backup/fake-segment.ts';

const first = 3;
const last = 40;
const name = (number: number): string => segmentName({ timeline: 1, number: BigInt(number) }, segmentSize);

describe('the answers to restore-command.sh', () => {
  let directory: string;
  let shared: string;
  let service: WalService;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pgusher-wal-service-'));
    shared = join(directory, 'shared');
    const volume = join(directory, 'volume');
    const root = join(directory, 'store', 'shop', 'db');
    const wal = join(root, systemId, 'wal', '00000001');
    mkdirSync(shared);
    mkdirSync(join(volume, 'pgdata', 'global'), { recursive: true });
    writeFileSync(join(volume, 'pgdata', 'global', 'pg_control'), control());
    mkdirSync(wal, { recursive: true });
    const identity = { format: 1, id: 'store', namespace: 'shop', set: 'db', claimedAt: '2026-11-21T00:00:00Z' };
    writeFileSync(join(root, 'STORE.json'), JSON.stringify({ ...identity, systemId, major: 15, segmentSize }));
    for (let number = first; number <= last; number += 1) {
      writeFileSync(join(wal, `${name(number)}.zst`), zstdCompressSync(fakeSegment(name(number))));
    }
    service = await startWalService({
      contract: {
        namespace: 'shop',
        set: 'db',
        store: { mount: join(directory, 'store'), prefix: 'shop/db' },
        dataDirectory: join(volume, 'pgdata'),
        dataMount: volume,
      },
      shared,
      mustBeMount: false,
      log: pino({ level: 'silent' }),
    });
  });

  afterEach(async () => {
    await service.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const request = (file: string, pid: number): string => join(shared, 'wal', 'request', `${file}.${String(pid)}`);
  const answer = (file: string, pid: number): string => join(shared, 'wal', 'answer', `${file}.${String(pid)}`);
  const offered = (file: string): string => join(shared, 'wal', 'offered', file);

  /** The wrapper's moves, faster than a shell makes them. It asks again just before it takes what was found, `late` ms later. */
  async function fetch(file: string, pid: number, late?: number): Promise<void> {
    const took = join(directory, 'RECOVERYXLOG');
    writeFileSync(answer(file, pid), '');
    writeFileSync(request(file, pid), '');
    const began = performance.now();
    for (;;) {
      if (existsSync(offered(file))) {
        renameSync(offered(file), took);
        break;
      }
      if (readFileSync(answer(file, pid), 'utf8') === 'found\n') {
        if (late !== undefined) {
          writeFileSync(request(file, pid), '');
          await sleep(late);
        }
        renameSync(offered(`${file}.${String(pid)}`), took);
        break;
      }
      if (performance.now() - began > 20_000) throw new Error(`${file} was not offered within 20 s`);
      await sleep(1);
    }
    expect(statSync(took).size).toBe(segmentSize);
    expect(readFileSync(took).equals(fakeSegment(file))).toBe(true);
  }

  it('never offers half a segment to a wrapper that has asked more than once', async () => {
    for (let number = first; number <= last; number += 1) {
      // Backwards, so that nothing is made ready ahead.
      await fetch(name(last + first - number), number, number % 6);
    }
  });

  it('offers a segment again that was offered ahead before', async () => {
    let pid = 100;
    for (let round = 0; round < 6; round += 1) {
      for (let number = first; number < last; number += 1) {
        // PostgreSQL asks for the last segment again when it ends recovery, and may do so before we have noticed anything.
        await fetch(name(number), (pid += 1));
        if (number % 7 === round) await sleep(round);
        if (number % 5 === 0) await fetch(name(number), (pid += 1));
      }
    }
  });

  it('answers the wrapper, which takes what was made ready ahead', async () => {
    const script = join(directory, 'shared', 'bin', 'restore-command.sh');
    mkdirSync(join(shared, 'bin'));
    writeFileSync(script, readFileSync(join(import.meta.dirname, '../../../src/agent/scripts/restore-command.sh')));
    const target = join(directory, 'RECOVERYXLOG');
    for (const number of [3, 4, 5, 5, 6]) {
      await promisify(execFile)('sh', [script, name(number), target, '5']);
      expect(readFileSync(target).equals(fakeSegment(name(number)))).toBe(true);
    }
    await expect(promisify(execFile)('sh', [script, name(last + 1), target, '5'])).rejects.toMatchObject({ code: 1 });
  });

  it('gives a standby the unfinished segment once for each time that it grows, and a reason ends no server of one', async () => {
    const script = join(directory, 'shared', 'bin', 'restore-command.sh');
    mkdirSync(join(shared, 'bin'));
    writeFileSync(script, readFileSync(join(import.meta.dirname, '../../../src/agent/scripts/restore-command.sh')));
    const target = join(directory, 'RECOVERYXLOG');
    const incoming = join(directory, 'store', 'shop', 'db', systemId, 'incoming', '00000001');
    const unfinished = name(last + 1);
    const ask = async (file: string): Promise<number | string> =>
      promisify(execFile)('sh', [script, file, target, '10', 'standby']).then(
        () => 0,
        (error: unknown) => (error as { code: number }).code,
      );
    // Another set's store, and no file of its own: whose it is counts for nothing here.
    await service.stop();
    service = await startWalService({
      contract: {
        namespace: 'shop',
        set: 'reports',
        store: null,
        dataDirectory: join(directory, 'volume', 'pgdata'),
        dataMount: join(directory, 'volume'),
      },
      shared,
      mustBeMount: false,
      log: pino({ level: 'silent' }),
      standby: () =>
        Promise.resolve({
          store: { mount: join(directory, 'store'), prefix: 'shop/db' },
          owner: null,
          dataDirectory: join(directory, 'volume', 'pgdata'),
        }),
    });
    expect(await ask(name(last))).toBe(0);
    expect(await ask(unfinished)).toBe(1);
    mkdirSync(incoming, { recursive: true });
    writeFileSync(join(incoming, `${unfinished}.partial`), fakeSegment(unfinished));
    expect(await ask(unfinished)).toBe(0);
    expect(await ask(unfinished)).toBe(1);
    utimesSync(join(incoming, `${unfinished}.partial`), 1, 1);
    expect(await ask(unfinished)).toBe(0);
    expect(readFileSync(target).equals(fakeSegment(unfinished))).toBe(true);
    // It has long gone on: no end, and no reason to end.
    expect(await ask(name(first - 1))).toBe(1);
    rmSync(join(directory, 'store'), { recursive: true });
    expect(await ask(unfinished)).toBe(1);
    expect(await ask('00000002.history')).toBe(1);
  });

  /** As far as it is read: the system, timeline 1, the segments' size. */
  function control(): Buffer {
    const bytes = Buffer.alloc(8192);
    bytes.writeBigUInt64LE(BigInt(systemId), 0);
    bytes.writeUInt32LE(1, 48);
    bytes.writeUInt32LE(segmentSize, 228);
    return bytes;
  }
});
