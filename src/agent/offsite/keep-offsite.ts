import type { Place } from '../../store/place.ts';
import { backOff, pause } from '../backup/pause.ts';
import type { AgentContext } from '../backup/session.ts';
import { messageOf } from '../backup/status-report.ts';
import { readIdentity } from '../store/identity.ts';
import { storeNames, storeRoot } from '../store/layout.ts';
import { parseLsn } from '../store/wal-name.ts';
import { claimBucket } from './bucket-identity.ts';
import { backupsIn, piecesIn, readBucketInventory } from './bucket-inventory.ts';
import type { Flushed, LocalReader, LocalWal } from './local-inventory.ts';
import { createLocalReader } from './local-inventory.ts';
import type { OffsiteStatus } from './offsite-status.ts';
import { countRequest, newOffsiteStatus } from './offsite-status.ts';
import { coveredTo, largestPiece } from './piece.ts';
import { PlaceTrouble } from './place-trouble.ts';
import type { LocalInventory, PushStep } from './plan-push.ts';
import { planBackupPush, planExpiry, planWalPush, walBehind } from './plan-push.ts';
import { pushStep } from './push-step.ts';
import type { SetPlace } from './set-place.ts';
import { folderOfSet, setPlace } from './set-place.ts';

/** As often as the claim is looked at; a look at one that did not change costs a few system calls. */
const lookEveryMs = 250;
/** One request a thousand keys: a bucket that somebody emptied is noticed. */
const listEveryMs = 3_600_000;
const backupsEveryMs = 2_000;
const recordsEveryMs = 60_000;
const expireEveryMs = 3_600_000;
/** What a server left at its end is still sent, but nobody waits for a store that is away. */
const lastWordsMs = 8_000;

/**
 * Keeps the off-site copy equal to the claim for as long as the agent runs, and once more after the last session. In two lanes, so that
 * no base backup, however large, keeps WAL waiting. What goes wrong here never holds up what is written to the claim.
 *
 * @param sessionsOver the server is gone, and all that was received is in the claim.
 */
export async function keepOffsite(context: AgentContext, sessionsOver: AbortSignal): Promise<void> {
  const { contract, edges, report, status } = context;
  const { offsite, store } = contract;
  if (offsite === undefined || store === null) {
    return;
  }
  const own = newOffsiteStatus(offsite.address);
  status.offsite = own;
  const place = await openAtLast(context, offsite.address, sessionsOver);
  if (place === undefined) {
    return;
  }
  own.name = place.name;
  const copy = new OffsiteCopy({
    context,
    status: own,
    place: setPlace(place, folderOfSet(contract), countRequest(own)),
    root: storeRoot(store),
    pushMs: offsite.pushSeconds * 1000,
    now: edges.now,
  });
  const lanes: Lanes = { failing: new Set() };
  // What is under way when the last session ends is not cut off: it would have to be asked anew what came of it.
  const ending = new AbortController();
  const endSoon = (): void => {
    setTimeout(() => {
      ending.abort();
    }, lastWordsMs).unref();
  };
  sessionsOver.addEventListener('abort', endSoon);
  if (sessionsOver.aborted) {
    endSoon();
  }
  try {
    await Promise.all([
      keepDoing(context, lanes, sessionsOver, lookEveryMs, async () => copy.pushWal(ending.signal, false)),
      keepDoing(context, lanes, context.stopping, backupsEveryMs, async () => copy.pushBackups(context.stopping)),
    ]);
    await copy.pushWal(ending.signal, true);
  } catch (error) {
    report.failed('offsite', messageOf(error));
  } finally {
    place.close();
  }
}

/** An address or credentials that cannot be used may be put right by a Secret's new value only in a new pod: said, and tried again. */
async function openAtLast(context: AgentContext, address: string, over: AbortSignal): Promise<Place | undefined> {
  const { edges, report } = context;
  for (let attempt = 0; !over.aborted; attempt += 1) {
    try {
      return await edges.openPlace(address, edges.environment);
    } catch (error) {
      report.failed('offsite', `the off-site copy cannot be opened: ${messageOf(error)}`);
      await pause(backOff(attempt, 60), over);
    }
  }
  return undefined;
}

interface Lanes {
  /** Those whose last round went wrong. */
  readonly failing: Set<symbol>;
}

async function keepDoing(
  { report }: AgentContext,
  { failing }: Lanes,
  over: AbortSignal,
  everyMs: number,
  round: () => Promise<void>,
): Promise<void> {
  const lane = Symbol('lane');
  for (let failures = 0; !over.aborted;) {
    let wait = everyMs;
    try {
      await round();
      failures = 0;
      failing.delete(lane);
      if (failing.size === 0) {
        report.recovered('offsite');
      }
    } catch (error) {
      if (isAborted(over)) {
        return;
      }
      failing.add(lane);
      report.failed('offsite', messageOf(error));
      wait = Math.max(askedFor(error), backOff(failures, 60));
      failures += 1;
    }
    await pause(wait, over);
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Milliseconds that the place itself asked for. */
function askedFor(error: unknown): number {
  return error instanceof PlaceTrouble && error.trouble.outcome === 'unreachable'
    ? Math.min(error.trouble.retryAfterMs ?? 0, 600_000)
    : 0;
}

interface CopyOptions {
  readonly context: AgentContext;
  readonly status: OffsiteStatus;
  readonly place: SetPlace;
  readonly root: string;
  readonly pushMs: number;
  readonly now: () => Date;
}

/** What the copy holds, as far as this agent knows. */
interface Known {
  readonly systemId: string;
  readonly files: Map<string, number>;
  readonly texts: Map<string, string>;
  /** performance.now() */
  readonly listedAt: number;
}

class OffsiteCopy {
  private readonly options: CopyOptions;
  private known: Known | null = null;
  /** Of the last look, so that what stands in records is not read anew. */
  private texts: ReadonlyMap<string, string> = new Map();
  private preparing: Promise<Known | null> | null = null;
  private reader: { readonly systemId: string; readonly reader: LocalReader } | null = null;
  private pieceAt = -Infinity;
  /** What was planned for last, and all sent. */
  private sent: { readonly known: Known; readonly wal: ReadonlySet<string> } | null = null;
  /** Of the unfinished segments, how far their pieces reach. */
  private pieces = new Map<string, number>();
  private behind = 0;
  private recordsAt = 0;
  private expireAt = 0;
  private sawBackups = false;

  constructor(options: CopyOptions) {
    this.options = options;
  }

  /** @throws PlaceTrouble, system errors of the claim. */
  async pushWal(signal: AbortSignal, isLast: boolean): Promise<void> {
    const { context, status, now, pushMs } = this.options;
    const known = await this.prepared(signal);
    if (known === null || context.system === null) {
      return;
    }
    const at = now();
    const reader = this.readerOf(context.system);
    // A session ends only when its receiver has: what a server left at its end waits for nothing.
    const isOver = isLast || context.status.server.kind !== 'primary';
    const look = await reader.look(isOver ? null : this.flushed(), isOver);
    const isDue = isOver || performance.now() - this.pieceAt >= pushMs;
    if (this.sent?.known !== known || this.sent.wal !== look.wal || this.isWaiting(look, isDue)) {
      const local = await reader.read(look);
      this.sent = null;
      // Before it is called in order: what is behind is known from the first moment on.
      status.lagBytes = walBehind(local, known);
      status.ours = true;
      for (const step of planWalPush(local, known, context.liveBackup, at, isDue)) {
        await this.carryOut(known, step, signal);
        if (step.kind === 'piece') {
          this.pieceAt = performance.now();
          this.pieces.set(step.piece.segment, step.piece.to);
        }
      }
      this.sent = { known, wal: look.wal };
      this.behind = walBehind({ ...local, partials: [] }, known);
      this.pieces = new Map(
        look.partials.map(({ segment }) => [segment, coveredTo(piecesIn(known.files.keys()).get(segment) ?? [])]),
      );
    }
    status.ours = true;
    status.lagBytes = this.behind + look.partials.reduce((sum, partial) => sum + this.unsent(partial), 0);
    if (status.lagBytes === 0) {
      status.completeAt = at;
    }
  }

  private isWaiting({ partials }: LocalWal, isDue: boolean): boolean {
    return partials.some((partial) => this.unsent(partial) >= (isDue ? 1 : largestPiece));
  }

  private unsent({ segment, end }: LocalWal['partials'][number]): number {
    return Math.max(0, end - (this.pieces.get(segment) ?? 0));
  }

  /** @throws PlaceTrouble, system errors of the claim. */
  async pushBackups(signal: AbortSignal): Promise<void> {
    const { context, status, now } = this.options;
    const known = this.known;
    if (known === null || context.system === null) {
      return;
    }
    const reader = this.readerOf(context.system);
    const local = await reader.read(await reader.look(this.flushed(), false));
    const policy = context.liveBackup;
    if (this.isBackupWaiting(local, known) || performance.now() >= this.recordsAt) {
      this.recordsAt = performance.now() + recordsEveryMs;
      for (const step of planBackupPush(local, known, policy, now(), this.unproven(local))) {
        await this.carryOut(known, step, signal);
        if (step.kind === 'text' && step.key.endsWith(`/${storeNames.done}`)) {
          this.expireAt = 0;
        }
      }
      status.baseBackups = backupsIn(known, local.systemId).complete.length;
    }
    if (performance.now() >= this.expireAt) {
      this.expireAt = performance.now() + expireEveryMs;
      for (const step of planExpiry(local, known, policy, now())) {
        await this.carryOut(known, step, signal);
      }
      status.baseBackups = backupsIn(known, local.systemId).complete.length;
    }
  }

  private isBackupWaiting({ backups, records, systemId }: LocalInventory, { texts }: Known): boolean {
    return (
      backups.some(
        ({ record, text }) => texts.get(`${systemId}/${storeNames.base}/${record.id}/${storeNames.done}`) !== text,
      ) || [...records].some(([key, text]) => !key.endsWith(storeNames.received) && texts.get(key) !== text)
    );
  }

  /** While a base backup is verified, it is no good yet. */
  private unproven(local: LocalInventory): ReadonlySet<string> {
    const { context } = this.options;
    return new Set(
      context.status.backups.running && context.liveBackup.verify
        ? local.backups.filter(({ record }) => record.verified === null).map(({ record }) => record.id)
        : [],
    );
  }

  private flushed(): Flushed | null {
    const { receiver, server } = this.options.context.status;
    return receiver.streaming && receiver.flushedLsn !== null && server.kind === 'primary'
      ? { timeline: server.timeline, lsn: parseLsn(receiver.flushedLsn) }
      : null;
  }

  private readerOf(system: { readonly systemId: string; readonly segmentSize: number }): LocalReader {
    if (this.reader?.systemId !== system.systemId) {
      this.reader = { systemId: system.systemId, reader: createLocalReader(this.options.root, system) };
    }
    return this.reader.reader;
  }

  private async carryOut(known: Known, step: PushStep, signal: AbortSignal): Promise<void> {
    const { context, status, place, root, now } = this.options;
    try {
      const pushed = await pushStep(place, { root, systemId: known.systemId }, step, signal);
      switch (pushed.kind) {
        case 'gone':
          return;
        case 'deleted':
          for (const { files, texts } of new Set([known, this.known ?? known])) {
            files.delete(step.key);
            texts.delete(step.key);
          }
          return;
        case 'stored':
          // The other lane may have looked anew meanwhile.
          for (const { files, texts } of new Set([known, this.known ?? known])) {
            files.set(step.key, pushed.size);
            if (step.kind === 'text') {
              texts.set(step.key, step.text);
            }
          }
          status.lastPushAt = now();
          if (step.kind !== 'piece') {
            context.edges.log.info({ key: step.key, bytes: pushed.size }, 'stored off-site');
          }
      }
    } catch (error) {
      // What was asked may have been done all the same: only a new look can tell.
      this.forget();
      throw error;
    }
  }

  private forget(): void {
    this.texts = this.known?.texts ?? this.texts;
    this.known = null;
    this.options.status.ours = false;
  }

  /** Null where the store's system is not known yet, or the copy is another's. */
  private async prepared(signal: AbortSignal): Promise<Known | null> {
    const { system } = this.options.context;
    if (system === null) {
      return null;
    }
    if (this.known !== null && performance.now() - this.known.listedAt >= listEveryMs) {
      this.forget();
    }
    if (this.known?.systemId === system.systemId) {
      return this.known;
    }
    this.preparing ??= this.prepare(system.systemId, signal).finally(() => {
      this.preparing = null;
    });
    return this.preparing;
  }

  private async prepare(systemId: string, signal: AbortSignal): Promise<Known> {
    const { context, place, root, status } = this.options;
    const reading = await readIdentity(root);
    if (reading.kind !== 'present') {
      throw new Error(
        `nothing is sent off-site: ${reading.kind === 'absent' ? `${root} has no identity` : reading.reason}`,
      );
    }
    const owner = await claimBucket(place, reading.identity, signal);
    if (owner.kind === 'not-ours') {
      throw new Error(`nothing is sent off-site: ${owner.reason}`);
    }
    const { files, texts } = await readBucketInventory(place, this.texts, signal);
    const backups = backupsIn({ files, texts }, systemId).complete.length;
    if (this.sawBackups && backups === 0) {
      context.edges.log.error(
        { place: place.name },
        'the off-site copy held base backups and holds none now: somebody removed them; it is filled again from the claim',
      );
    }
    this.sawBackups ||= backups > 0;
    status.baseBackups = backups;
    this.known = { systemId, files, texts, listedAt: performance.now() };
    return this.known;
  }
}
