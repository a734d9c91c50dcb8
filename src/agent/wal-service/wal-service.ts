import { watch } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentContract } from '../contract.ts';
import { dataVolumePaths } from '../decision/data-volume-paths.ts';
import type { Log } from '../log.ts';
import { partialStamp, writeSegment } from '../restore/segment-file.ts';
import type { WalStep } from '../restore/wal-route.ts';
import { errorCode } from '../store/durable-file.ts';
import { parseSegment, segmentName } from '../store/wal-name.ts';
import { answerFor, openWalSession, ownStore } from './wal-session.ts';
import type { WalQuestion, WalSession } from './wal-session.ts';

/**
 * The agent's side of restore-command.sh, by files below `<shared>/wal/`:
 *
 *   request/<file>.<pid>   made by the wrapper: "I want <file>"; removed when it is read
 *   offered                link to a folder on the data volume: <file> was made ready ahead, anybody may take it;
 *                          <file>.<pid> is the answer to one request
 *   answer/<file>.<pid>    `found`, `missing` (proven), `stop: <reason>` (this recovery must not end), or a reason to try again later
 *
 * Files and not a socket, because the wrapper has nothing but a shell.
 */
export interface WalService {
  stop(): Promise<void>;
}

export interface WalServiceOptions {
  readonly contract: Pick<AgentContract, 'store' | 'namespace' | 'set' | 'dataDirectory' | 'dataMount'>;
  readonly shared: string;
  readonly mustBeMount: boolean;
  readonly log: Log;
  /** Why the recovery that asks must not come to its end; null: it may. */
  readonly overtaken?: () => Promise<string | null>;
  /** The store that is asked where the server is a standby; null: it is none, and the set's own is asked. */
  readonly standby?: () => Promise<WalQuestion | null>;
}

/** Segments made ready ahead: at 16 MB, more than a replay takes while the disk stalls for a moment. */
const ahead = 4;

/** What is left over after the end of a recovery is removed when nobody has asked for this long. */
const idleMs = 60_000;

export async function startWalService(options: WalServiceOptions): Promise<WalService> {
  const service = new Service(options);
  await service.prepare();
  return service;
}

class Service implements WalService {
  private readonly options: WalServiceOptions;
  private readonly request: string;
  private readonly answer: string;
  private readonly offered: string;
  private session: WalSession | null = null;
  /** Made ready and not asked for yet. */
  private readonly ready = new Set<string>();
  /** Being made ready. */
  private readonly coming = new Map<string, Promise<void>>();
  /** The last file that was asked for: what is made ready ahead comes after it, never again what is under way to the server. */
  private last = '';
  /** Requests that are not looked at yet. */
  private readonly waiting = new Set<string>();
  private queue: Promise<unknown> = Promise.resolve();
  /** The last unfinished segment that was given, and how its file was then. */
  private given: { readonly name: string; readonly stamp: string; readonly at: number } | null = null;
  /** What was last said of trouble: a standby asks every few seconds. */
  private trouble = '';
  private readonly closing = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private idle: NodeJS.Timeout | null = null;

  constructor(options: WalServiceOptions) {
    this.options = options;
    this.request = join(options.shared, 'wal', 'request');
    this.answer = join(options.shared, 'wal', 'answer');
    this.offered = dataVolumePaths(options.contract.dataMount).offeredWal;
  }

  /** Nothing that an earlier agent left is an answer to anything. `request` comes last: the wrapper waits for it. */
  async prepare(): Promise<void> {
    const folder = join(this.options.shared, 'wal');
    await rm(folder, { recursive: true, force: true });
    await rm(this.offered, { recursive: true, force: true });
    await mkdir(this.offered, { recursive: true, mode: 0o700 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await symlink(this.offered, join(folder, 'offered'));
    await mkdir(this.answer, { mode: 0o700 });
    await mkdir(this.request, { mode: 0o700 });
    const watcher = watch(this.request, { signal: this.closing.signal }, (_, name) => {
      if (name !== null) {
        this.enqueue(name);
      }
    });
    watcher.on('error', () => undefined);
    // inotify may be exhausted on a node; then each file costs a second and not more.
    this.timer = setInterval(() => void this.serveAll(), 1_000);
    await this.serveAll();
  }

  async stop(): Promise<void> {
    this.closing.abort();
    clearInterval(this.timer ?? undefined);
    clearTimeout(this.idle ?? undefined);
    await Promise.allSettled(this.coming.values());
  }

  private async serveAll(): Promise<void> {
    for (const name of await readdir(this.request).catch(() => [])) {
      this.enqueue(name);
    }
    await this.queue;
  }

  /**
   * One after the other, in the order in which they were made. The startup process asks for one file at a time; where two requests name
   * the same file, the first took what lay ready and only the second still waits.
   */
  private enqueue(requestName: string): void {
    if (!this.waiting.has(requestName)) {
      this.waiting.add(requestName);
      this.queue = this.queue.then(() => this.serve(requestName));
    }
  }

  private async serve(requestName: string): Promise<void> {
    this.waiting.delete(requestName);
    try {
      await rm(join(this.request, requestName));
      await this.reply(requestName);
    } catch (error) {
      // The file was gone: an event for its removal, or a request that was served already.
      if (errorCode(error) !== 'ENOENT') {
        this.options.log.error({ err: error }, `restore_command could not be answered: ${requestName}`);
      }
    }
  }

  private async reply(requestName: string): Promise<void> {
    const name = requestName.slice(0, requestName.lastIndexOf('.'));
    this.restartIdleTimer();
    const overtaken = await this.options.overtaken?.();
    if (typeof overtaken === 'string') {
      await this.say(requestName, `stop: ${overtaken}`);
      return;
    }
    this.last = name;
    // The wrapper takes what is ready without waiting for a word; the question only tells that the replay went on.
    if (this.ready.delete(name)) {
      this.makeReadyAhead();
      return;
    }
    const coming = this.coming.get(name);
    if (coming !== undefined) {
      await coming;
      if (this.ready.delete(name)) {
        this.makeReadyAhead();
        return;
      }
    }
    let said: string;
    try {
      // Whole or not at all: a wrapper that asked twice may be taking the answer to its first question just now.
      const written = join(this.offered, `.tmp-${requestName}`);
      said = await this.deliver(name, written);
      if (said === 'found') {
        await rename(written, join(this.offered, requestName));
      }
    } catch (error) {
      this.session = null;
      said = error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
      if (said !== this.trouble) {
        this.options.log.warn(`restore_command ${name}: ${said}`);
      }
      this.trouble = said;
    }
    await this.say(requestName, said);
    if (said === 'found') {
      this.trouble = '';
      this.makeReadyAhead();
    }
  }

  private async say(requestName: string, words: string): Promise<void> {
    const temporary = join(this.options.shared, 'wal', `.answer-${requestName}`);
    await writeFile(temporary, `${words}\n`);
    await rename(temporary, join(this.answer, requestName));
  }

  /** `found` once the file is at `target`, or `missing`. @throws with a reason to try again. */
  private async deliver(name: string, target: string): Promise<'found' | 'missing'> {
    const standby = (await this.options.standby?.()) ?? null;
    if (standby !== null) {
      return this.deliverToStandby(standby, name, target);
    }
    // What was seen before is good enough to find a file, never to say that there is none.
    if (this.session !== null && (await this.write(this.session, name, target))) {
      return 'found';
    }
    this.session = await openWalSession(ownStore(this.options.contract), this.options.mustBeMount);
    const answer = await answerFor(this.session, name);
    switch (answer.kind) {
      case 'end':
        return 'missing';
      case 'gap':
        throw new Error(
          `missing in the store, but ${answer.gap.evidence} proves that it existed: recovery must not end here`,
        );
      case 'step':
      case 'history':
        if (await this.write(this.session, name, target)) {
          return 'found';
        }
        throw new Error('vanished from the store while it was read');
    }
  }

  /**
   * It replays the unfinished segment too: it asks for that again and again, and goes on where it stopped. Looked at anew each time, since the
   * store is written meanwhile: a timeline that ended there must not be read behind its end.
   */
  private async deliverToStandby(question: WalQuestion, name: string, target: string): Promise<'found' | 'missing'> {
    this.session = await openWalSession(question, this.options.mustBeMount);
    const answer = await answerFor(this.session, name);
    if (answer.kind === 'gap') {
      throw new Error(`missing in the store, and ${answer.gap.evidence} proves that it existed`);
    }
    const partial = answer.kind === 'step' && answer.step.form === 'partial' ? answer.step : null;
    if (partial === null) {
      this.given = null;
    } else if (!(await this.hasGrown(this.session, partial))) {
      return 'missing';
    }
    return answer.kind !== 'end' && (await this.write(this.session, name, target)) ? 'found' : 'missing';
  }

  /** A whole segment would be written every five seconds for as long as the source is idle. Once a minute all the same: the server may be another. */
  private async hasGrown({ place }: WalSession, step: WalStep): Promise<boolean> {
    const stamp = await partialStamp(place, step);
    const { given } = this;
    const at = performance.now();
    if (given?.name === step.name && given.stamp === stamp && at - given.at < idleMs) {
      return false;
    }
    this.given = { name: step.name, stamp, at };
    return true;
  }

  private async write(session: WalSession, name: string, target: string): Promise<boolean> {
    const answer = await answerFor(session, name);
    switch (answer.kind) {
      case 'step':
        return writeSegment(session.place, answer.step, target);
      case 'history':
        await writeFile(target, answer.text);
        return true;
      case 'end':
      case 'gap':
        return false;
    }
  }

  /** One after the other, so that the replay has a core of its own. Only whole segments: a `.partial` may yet grow. */
  private makeReadyAhead(): void {
    const { session } = this;
    if (session === null || this.coming.size > 0 || this.closing.signal.aborted) {
      return;
    }
    const step = nextSteps(session, this.last).find((next) => !this.ready.has(next.name));
    if (step === undefined) {
      return;
    }
    const work = this.makeReady(session, step).then(
      (made) => {
        this.coming.delete(step.name);
        if (made) {
          this.makeReadyAhead();
        }
      },
      () => {
        // It shows again when the segment is asked for, and then the reason is told.
        this.coming.delete(step.name);
      },
    );
    this.coming.set(step.name, work);
  }

  private async makeReady(session: WalSession, step: WalStep): Promise<boolean> {
    const temporary = join(this.offered, `.tmp-${step.name}`);
    try {
      const made = await writeSegment(session.place, step, temporary);
      if (made) {
        this.ready.add(step.name);
        await rename(temporary, join(this.offered, step.name));
      }
      return made;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private restartIdleTimer(): void {
    clearTimeout(this.idle ?? undefined);
    this.idle = setTimeout(() => {
      this.session = null;
      this.ready.clear();
      void readdir(this.offered)
        .then((names) => Promise.all(names.map((name) => rm(join(this.offered, name), { force: true }))))
        .catch(() => undefined);
    }, idleMs);
    this.idle.unref();
  }
}

/** The whole segments that recovery will ask for after `name`, as far as they are of its timeline. */
function nextSteps(session: WalSession, name: string): WalStep[] {
  const { wal, lineage, place } = session;
  if (name.endsWith('.history')) {
    return [];
  }
  const { timeline, number } = parseSegment(name, place.segmentSize);
  const span = lineage.find((found) => found.timeline === timeline);
  const steps: WalStep[] = [];
  for (let next = number + 1n; next <= number + BigInt(ahead); next += 1n) {
    const nextName = segmentName({ timeline, number: next }, place.segmentSize);
    const ends = span?.end === undefined || (span.end !== null && span.end < (next + 1n) * BigInt(place.segmentSize));
    if (ends || wal.segments.get(timeline)?.has(nextName) !== true) {
      break;
    }
    steps.push({ name: nextName, number: next, timeline, form: 'whole', cutAt: null });
  }
  return steps;
}
