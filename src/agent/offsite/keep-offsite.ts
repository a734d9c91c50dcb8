import type { Place } from '../../store/place.ts';
import { backOff, pause } from '../backup/pause.ts';
import type { AgentContext } from '../backup/session.ts';
import { messageOf } from '../backup/status-report.ts';
import { environmentNames } from '../contract.ts';
import { storeRoot } from '../store/layout.ts';
import { readStoredPrimary } from '../store/stored-primary.ts';
import { countRequest, newOffsiteStatus } from './offsite-status.ts';
import { OffsiteCopy } from './offsite-copy.ts';
import { PlaceTrouble } from './place-trouble.ts';
import { folderOfSet, setPlace } from './set-place.ts';

/** As often as the claim is looked at; a look at one that did not change costs a few system calls. */
const lookEveryMs = 250;
const backupsEveryMs = 2_000;
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
  const own = newOffsiteStatus(offsite.address, offsite.pushSeconds);
  status.offsite = own;
  const place = await openAtLast(context, offsite.address, sessionsOver);
  if (place === undefined) {
    return;
  }
  own.name = place.name;
  const root = storeRoot(store);
  const copy = new OffsiteCopy({
    context,
    status: own,
    place: setPlace(place, folderOfSet(contract), countRequest(own)),
    root,
    spooled: offsite.spool !== undefined,
    pushMs: offsite.pushSeconds * 1000,
    now: edges.now,
  });
  /**
   * In a claim that all pods share only one agent sends. The one beside the server that was primary before would take what the other's receiver writes
   * just now for what its own left at its end. A claim of the pod's own names that pod.
   */
  const asOnlyOne = async (push: () => Promise<void>): Promise<void> => {
    const named = status.server.kind === 'primary' ? null : await readStoredPrimary(root, contract);
    if (named !== null && named.primary !== edges.environment[environmentNames.pod]) {
      copy.standAside();
      return;
    }
    await push();
  };
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
      keepDoing(context, lanes, sessionsOver, lookEveryMs, async () =>
        asOnlyOne(async () => copy.pushWal(ending.signal, false)),
      ),
      keepDoing(context, lanes, context.stopping, backupsEveryMs, async () =>
        asOnlyOne(async () => copy.pushBackups(context.stopping)),
      ),
    ]);
    await asOnlyOne(async () => copy.pushWal(ending.signal, true));
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
