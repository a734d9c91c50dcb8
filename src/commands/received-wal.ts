import { setTimeout as pause } from 'node:timers/promises';
import type { ServerEnd, ServerPosition } from '../agent/standby/promotion-commands.ts';
import { parseLsn } from '../agent/store/wal-name.ts';
import { asked, positionOf } from './pod-agent.ts';
import type { PromotionCluster, PromotionRequest } from './promotion.ts';
import { behind, hasAllOf } from './promotion-target.ts';
import { SetCommandRefused } from './set-command.ts';

/** What streams has this much within milliseconds; who has not by then does not stream. */
const catchUpMs = 10_000;
/** A server that was stopped writes its last checkpoint; preStop has made one just before. */
const endMs = 60_000;
const lookMs = 200;

type Asked = Pick<PromotionCluster, 'agent'>;

/**
 * The one that is to be promoted has what another standby had a moment ago. Two that stream are never at one place when they are asked one
 * after the other, so where WAL still flows it is given time.
 * @throws SetCommandRefused: before anything was changed.
 */
export async function untilLevel(
  cluster: Asked,
  set: string,
  { target, best, flows }: { readonly target: ServerPosition; readonly best: ServerPosition; readonly flows: boolean },
): Promise<void> {
  let latest = target;
  const until = performance.now() + (flows ? catchUpMs : 0);
  while (!hasAllOf(latest, best)) {
    if (performance.now() >= until) {
      throw behind(set, latest, best);
    }
    await pause(lookMs);
    latest = (await positionOf(cluster, target.pod)) ?? latest;
  }
}

/**
 * After the old primary was stopped: all that it wrote is on the one that is promoted. A clean stop waits until those that stream have its
 * last record (manual, "Shutting Down the Server"; walsender), so only one that does not stream lacks any.
 * @throws SetCommandRefused: nobody was promoted, and what to do.
 */
export async function untilHasEndOf(
  cluster: Asked,
  { set, say }: Pick<PromotionRequest, 'set' | 'say'>,
  stopped: string,
  target: ServerPosition,
): Promise<void> {
  const end = await endOf(cluster, stopped);
  if (end === null) {
    say(
      `${stopped} did not end cleanly, or cannot be asked how far it had come: what ${target.pod} has received is what there will be`,
    );
    return;
  }
  const until = performance.now() + catchUpMs;
  for (let latest = target; ; latest = (await positionOf(cluster, target.pod)) ?? latest) {
    if (end.isIn(latest)) {
      return;
    }
    if (performance.now() >= until) {
      throw new SetCommandRefused(
        `${stopped} has stopped at ${end.text}, and ${target.pod} has received up to ${latest.lsn} on timeline ${latest.timeline} only: rows would be lost, so nobody was promoted, and ${stopped} takes no writes now. ` +
          `Wanted: \`pgusher promote ${set} ${stopped}\`, which makes it primary again; then find out why ${target.pod} does not stream`,
      );
    }
    await pause(lookMs);
  }
}

interface End {
  readonly text: string;
  isIn(position: ServerPosition): boolean;
}

/** Null: its agent does not answer, or its server did not end cleanly. */
async function endOf(cluster: Asked, pod: string): Promise<End | null> {
  const begun = performance.now();
  for (;;) {
    // Its container may have started again already, as a standby of what it had.
    const position = await positionOf(cluster, pod);
    if (position !== null && !position.takesWrites) {
      return { text: `${position.lsn} on timeline ${position.timeline}`, isIn: (other) => hasAllOf(other, position) };
    }
    const answer = await asked(cluster, pod, ['stopped']);
    const end = answer.code === 0 ? (JSON.parse(answer.out) as ServerEnd) : null;
    if (end?.clean === true) {
      const { timeline, checkpoint } = end;
      return {
        text: `${checkpoint} on timeline ${timeline}`,
        // The record of the last checkpoint begins there, and whoever has it is past it.
        isIn: (other) =>
          other.timeline > timeline || (other.timeline === timeline && parseLsn(other.lsn) > parseLsn(checkpoint)),
      };
    }
    if (performance.now() - begun >= (end === null ? catchUpMs : endMs)) {
      return null;
    }
    await pause(lookMs);
  }
}
