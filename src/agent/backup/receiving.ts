import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatLsn, parseLsn } from '../store/wal-name.ts';
import { readGaps } from '../store/gaps.ts';
import { slotStatuses } from './agent-status.ts';
import { withAdvice } from '../server-connection/refusal.ts';
import { backOff, pause } from './pause.ts';
import { recordReceived } from '../store/received.ts';
import { findContradiction, whenFound } from './contradiction.ts';
import { planReceiver } from './receiver-plan.ts';
import { receiverName, startReceiver } from './receiver.ts';
import type { Receiver, ReceiverEnd } from './receiver.ts';
import type { Session } from './session.ts';
import { slotName } from './slot.ts';
import { spoolFull } from './spool-full.ts';
import { createWalProgress } from './wal-progress.ts';

/** How long a receiver may be silent: it reports each second (receiver.ts). */
const silenceAllowed = 10;
/** Milliseconds between two notes in the store of how far it reaches. */
const recordEvery = 5_000;
/** After the server is gone it needs no time but to write what it has. */
const lastWords = 10_000;
/** Each time is a line in the log of a server that shuts down. */
const askEvery = 2000;

/**
 * Keeps pg_receivewal running for as long as the session lasts, starting anew wherever the store ends. Returns when the
 * receiver is gone too: the last bytes of a server that stopped are fsynced then.
 */
export async function keepReceiving(session: Session): Promise<void> {
  const { status, edges, facts } = session;
  for (let attempt = 0; !session.over.aborted;) {
    const startedAt = performance.now();
    try {
      await waitForRoom(session);
      const contradiction = await findContradiction(session.root, session.dataDirectory, facts);
      if (contradiction !== null) {
        throw new Error(contradiction);
      }
      const plan = await planReceiver(session.connection, session.root, facts, edges.now());
      if (plan.gap !== null) {
        edges.log.error({ gap: true }, plan.gap);
        // At once, not when the base backups are looked at next: nobody may call this protected in between.
        status.backups.wanted = plan.gap;
      }
      status.receiver.gaps = (await readGaps(session.root, facts.systemId)).length;
      await session.refreshLogin();
      const receiver = startReceiver({
        program: session.programs.pg_receivewal,
        directory: plan.directory,
        movesSlot: session.spool === null,
        environment: session.libpq,
      });
      edges.log.info({ from: plan.from, timeline: facts.timeline }, 'receiving WAL');
      const end = await watchReceiver(session, receiver);
      await handleEnd(session, end);
    } catch (error) {
      session.failed('receiver', error);
    }
    status.receiver.streaming = false;
    // One that ran for a while and was cut off is no reason to wait.
    attempt = performance.now() - startedAt > 60_000 ? 0 : attempt + 1;
    await pause(backOff(attempt - 1, 15), session.over);
  }
}

/** While nothing can be sent, a spool takes what it has room for; the server keeps the rest in the slot. */
async function waitForRoom(session: Session): Promise<void> {
  for (;;) {
    const trouble = await spoolFull(session);
    if (trouble === null || session.over.aborted) {
      return;
    }
    session.report.failed('receiver', trouble);
    await pause(1000, session.over);
  }
}

async function handleEnd(session: Session, end: ReceiverEnd): Promise<void> {
  switch (end.kind) {
    case 'stopped':
      return;
    case 'disconnected':
      await handleDisconnect(session, end.message);
      return;
    case 'slot-missing':
    case 'wal-removed':
      session.edges.log.warn({ receiver: end.kind }, end.message);
      session.report.failed('receiver', end.message);
      return;
    case 'ahead':
      session.report.failed(
        'receiver',
        `the store holds WAL of timeline ${session.facts.timeline} that this server never wrote (${end.message}): the data directory is older than its backup. Nothing is archived. ${whenFound}`,
      );
      return;
    case 'store-full':
      session.report.failed('receiver', `the store is full: ${end.message}`);
      return;
    case 'failed':
      session.report.failed('receiver', end.message);
      return;
  }
}

/** A server that goes away takes the receiver with it. One that is there has said why it does not want it. */
async function handleDisconnect(session: Session, message: string): Promise<void> {
  const attempt = await session.askAsReceiver();
  if (attempt.kind === 'absent' || attempt.kind === 'not-ready' || session.over.aborted) {
    session.edges.log.info({ receiver: 'disconnected' }, `the receiver ended with the connection: ${message}`);
    return;
  }
  const refusal = attempt.kind === 'refused' ? attempt : { code: null, message };
  session.report.failed('receiver', withAdvice(message, session.adviceOn(refusal)));
}

async function watchReceiver(session: Session, receiver: Receiver): Promise<ReceiverEnd> {
  const progress = createWalProgress();
  const done = new AbortController();
  void receiver.ended.then(() => {
    done.abort();
  });
  const either = AbortSignal.any([done.signal, session.over]);
  let written: string | null = null;
  while (!either.aborted) {
    try {
      const silent = await readProgress(session, receiver, progress);
      if (silent > silenceAllowed) {
        session.edges.log.warn({ seconds: silent }, 'the receiver does not answer: it is started anew');
        receiver.kill();
      }
      const flushed = session.status.receiver.flushedLsn;
      if (flushed !== null && flushed !== written) {
        await writeReceiverFile(session.edges.shared, flushed);
        written = flushed;
      }
      await noteReceived(session);
      if ((await spoolFull(session)) !== null) {
        receiver.stop();
      }
    } catch (error) {
      session.failed('receiver', error);
    }
    await pause(500, either);
  }
  return endOf(receiver, session);
}

/** pre-stop.sh waits for this position before it stops the server; a line `flushed=X/Y`. */
async function writeReceiverFile(shared: string, flushed: string): Promise<void> {
  const path = join(shared, 'receiver');
  await writeFile(`${path}.new`, `flushed=${flushed}\n`, { mode: 0o644 });
  await rename(`${path}.new`, path);
}

/** Puts into the store how far it reaches, and shows what stands there: page and restore have one window. */
async function noteReceived({ status, root, spool, facts }: Session): Promise<void> {
  const { flushedLsn, flushedThrough, recordedThrough } = status.receiver;
  const due = recordedThrough === null || (flushedThrough?.getTime() ?? 0) - recordedThrough.getTime() >= recordEvery;
  if (flushedLsn === null || flushedThrough === null || !due) {
    return;
  }
  const received = { timeline: facts.timeline, lsn: flushedLsn, through: flushedThrough.toISOString() };
  try {
    await recordReceived(root, facts.systemId, received);
    // What lies in a spool is no window to restore from.
    status.receiver.recordedThrough = spool === null ? flushedThrough : (status.offsite?.completeThrough ?? null);
  } catch {
    // The window stays as it was. That the store is full or gone is for the mover to say, which needs it for more.
  }
}

/** Once the session is over the server is stopping or gone, and the receiver ends by itself with everything written. */
async function endOf(receiver: Receiver, session: Session): Promise<ReceiverEnd> {
  for (let waited = 0; ; waited += 100) {
    const end = await Promise.race([receiver.ended, sleep(100, undefined)]);
    if (end !== undefined) {
      return end;
    }
    if (receiver.isFrozen()) {
      session.edges.log.warn({}, 'the receiver was frozen while the server stops: it goes on');
      receiver.thaw();
    }
    if (waited === 0 || waited % askEvery > 0) {
      continue;
    }
    // The server may be writing its shutdown checkpoint, for minutes: only a connection that is refused means it is gone. One that lets us in
    // ended no more than our session (pg_terminate_backend, DROP DATABASE WITH (FORCE)): the next session has a receiver of its own.
    const kind = await session.askServer();
    if (kind === 'connected') {
      receiver.stop();
    } else if (kind === 'absent' && waited >= lastWords) {
      receiver.kill();
    }
  }
}

/** Asks the server how far the receiver is. @returns seconds since the receiver's last word. */
async function readProgress(
  session: Session,
  receiver: Receiver,
  progress: ReturnType<typeof createWalProgress>,
): Promise<number> {
  const { status, connection, edges } = session;
  const at = edges.now();
  const [row] = await connection.query<{
    server: string;
    flushed: string | null;
    silent: string | null;
    slot: string | null;
  }>(
    `SELECT pg_catalog.pg_current_wal_flush_lsn()::text AS server, r.flush_lsn::text AS flushed, s.wal_status AS slot,
            EXTRACT(epoch FROM pg_catalog.clock_timestamp() - r.reply_time)::text AS silent
       FROM (SELECT 1) AS one
       LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.slot_name = '${slotName}'
       LEFT JOIN pg_catalog.pg_stat_replication AS r
              ON r.state = 'streaming' AND ${session.spool === null ? 'r.pid = s.active_pid' : `r.application_name = '${receiverName(false)}'`}`,
  );
  const own = status.receiver;
  own.slot = slotStatuses.find((known) => known === row?.slot) ?? 'missing';
  own.streaming = row?.flushed !== null && row?.flushed !== undefined;
  if (row === undefined || row.flushed === null) {
    return 0;
  }
  session.report.recovered('receiver');
  const server = parseLsn(row.server);
  const flushed = parseLsn(row.flushed);
  progress.note(server, at);
  own.flushedLsn = formatLsn(flushed);
  own.flushedThrough = progress.reached(flushed) ?? own.flushedThrough;
  own.lagBytes = Number(server > flushed ? server - flushed : 0n);
  own.lagSeconds =
    own.lagBytes === 0 || own.flushedThrough === null ? 0 : (at.getTime() - own.flushedThrough.getTime()) / 1000;
  // A frozen process answers nothing; one that was merely stopped by a signal is let go on at once.
  if (receiver.isFrozen()) {
    receiver.thaw();
  }
  return Number(row.silent ?? 0);
}
