import { readIdentity } from '../store/identity.ts';
import { storeNames } from '../store/layout.ts';
import { parseLsn } from '../store/wal-name.ts';
import type { AgentContext } from '../backup/session.ts';
import { claimBucket } from './bucket-identity.ts';
import { backupsIn, piecesIn, readBucketInventory } from './bucket-inventory.ts';
import type { Flushed, LocalReader, LocalWal } from './local-inventory.ts';
import { createLocalReader } from './local-inventory.ts';
import type { OffsiteStatus } from './offsite-status.ts';
import { coveredTo, largestPiece } from './piece.ts';
import type { LocalInventory, PushStep } from './plan-push.ts';
import { kept, planBackupPush, planExpiry, planWalPush, walBehind } from './plan-push.ts';
import { planPrune, pruneSpool } from './prune-spool.ts';
import { pushStep } from './push-step.ts';
import { sentThrough } from './sent-through.ts';
import type { SetPlace } from './set-place.ts';

/** One request a thousand keys: a bucket that somebody emptied is noticed. */
const listEveryMs = 3_600_000;
/** Where there is nothing but the copy. */
const listAloneEveryMs = 900_000;
const recordsEveryMs = 60_000;
const expireEveryMs = 3_600_000;

interface CopyOptions {
  readonly context: Pick<AgentContext, 'status' | 'system' | 'liveBackup' | 'copied'> & {
    readonly edges: Pick<AgentContext['edges'], 'log'>;
  };
  readonly status: OffsiteStatus;
  readonly place: SetPlace;
  readonly root: string;
  /** What was sent is removed there: it is a spool, and no claim. */
  readonly spooled: boolean;
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

/** One set's copy in one place, and what this agent knows of it. Two lanes use it at a time. */
export class OffsiteCopy {
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
    // Asked together with the position that the look goes by, and before it. Not the time of the look where there is no session: its
    // connection may be all that ended, and the server goes on.
    const through = context.status.receiver.flushedThrough;
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
      await this.noteSent(local, known);
      this.behind = walBehind({ ...local, moving: [], partials: [] }, known);
      this.pieces = new Map(
        look.partials.map(({ segment }) => [segment, coveredTo(piecesIn(known.files.keys()).get(segment) ?? [])]),
      );
    }
    status.ours = true;
    const { segmentSize } = context.system;
    const moving = walBehind({ wal: new Set(), moving: look.moving, partials: [], segmentSize }, known);
    const lag = this.behind + moving + look.partials.reduce((sum, partial) => sum + this.unsent(partial), 0);
    status.lagBytes = look.isWhole ? lag : Math.max(lag, status.lagBytes);
    if (look.isWhole && lag === 0) {
      status.completeAt = at;
      status.completeThrough = through ?? status.completeThrough;
    }
  }

  /** With a spool: up to where the server's WAL is there, and what is there leaves the spool. */
  private async noteSent(local: LocalInventory, known: Known): Promise<void> {
    const { context, status, root, spooled, now } = this.options;
    if (!spooled) {
      return;
    }
    const { server } = context.status;
    const backups = kept(local, known, context.liveBackup, now());
    if (server.kind === 'primary' && server.systemId === known.systemId) {
      const lsn = sentThrough(local, known, backups, server.timeline);
      status.sent = lsn === undefined ? null : { timeline: server.timeline, lsn };
    }
    // Base backups leave it in the other lane, which sends them.
    await pruneSpool(root, planPrune({ ...local, backups: [] }, known, backups));
  }

  private isWaiting({ partials }: LocalWal, isDue: boolean): boolean {
    return partials.some((partial) => this.unsent(partial) >= (isDue ? 1 : largestPiece));
  }

  private unsent({ segment, end }: LocalWal['partials'][number]): number {
    return Math.max(0, end - (this.pieces.get(segment) ?? 0));
  }

  /** @throws PlaceTrouble, system errors of the claim. */
  async pushBackups(signal: AbortSignal): Promise<void> {
    const { context, status, root, spooled, now } = this.options;
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
      if (spooled) {
        await pruneSpool(root, planPrune({ ...local, wal: new Set() }, known, []));
      }
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

  /** Also while the receiver is away: what it had on disk stays there. */
  private flushed(): Flushed | null {
    const { receiver, server } = this.options.context.status;
    return receiver.flushedLsn !== null && server.kind === 'primary'
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

  /** Somebody else sends now: what it holds from here on is not known, and is listed anew where this agent is the one again. */
  standAside(): void {
    this.forget();
    this.options.status.lagBytes = 0;
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
    const every = this.options.spooled ? listAloneEveryMs : listEveryMs;
    if (this.known !== null && performance.now() - this.known.listedAt >= every) {
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
    const { context, place, root, status, spooled } = this.options;
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
        `the off-site copy held base backups and holds none now: somebody removed them; ${spooled ? 'a new one is made at once' : 'it is filled again from the claim'}`,
      );
    }
    this.sawBackups ||= backups > 0;
    status.baseBackups = backups;
    this.known = { systemId, files, texts, listedAt: performance.now() };
    context.copied = this.known;
    return this.known;
  }
}
