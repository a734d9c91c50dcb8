import type { ServerPosition } from '../agent/standby/promotion-commands.ts';
import { parseLsn } from '../agent/store/wal-name.ts';
import { SetCommandRefused } from './set-command.ts';

export interface PromotionChoice {
  /** Who becomes primary; one that takes writes already is where a promotion before this one got to. */
  readonly target: ServerPosition;
  /** Of the standbys, the one that has received most. */
  readonly best: ServerPosition;
}

/**
 * Who is promoted: the pod that the person names, else the one whose promotion has begun, else the standby that has received most.
 * @throws SetCommandRefused
 */
export function choose(
  { pod, set }: { readonly pod: string | null; readonly set: string },
  positions: readonly ServerPosition[],
  intended: string | undefined,
): PromotionChoice {
  const best = positions
    .filter(({ takesWrites }) => !takesWrites)
    .reduce<ServerPosition | undefined>(
      (most, next) => (most === undefined || !hasAllOf(most, next) ? next : most),
      undefined,
    );
  const begun = positions.find((position) => position.pod === intended);
  if (begun !== undefined && pod !== null && pod !== begun.pod) {
    // Somebody else may be at it this very moment, and would not look again. One that does not answer cannot be promoted by anybody.
    throw new SetCommandRefused(
      begun.takesWrites
        ? `a promotion of ${begun.pod} is under way and it takes writes; run \`pgusher promote ${set}\` to end it first`
        : `a promotion of ${begun.pod} has begun: two that are promoted lose rows. Wanted: \`pgusher promote ${set}\`, which goes on with it; or, where nobody does that, the key taken away first: ` +
            `kubectl patch configmap ${set}-pgusher --type=merge -p '{"data":{"promoting":null}}'`,
    );
  }
  const wanted = pod ?? intended;
  if (wanted === undefined) {
    if (best === undefined) {
      throw new SetCommandRefused(`no standby of ${set} answers; wanted one that runs, with data`);
    }
    return { target: best, best };
  }
  const target = positions.find((position) => position.pod === wanted);
  if (target === undefined) {
    throw new SetCommandRefused(
      `the server of ${wanted} does not answer: it is not up, or has no data; wanted a standby that runs`,
    );
  }
  return { target, best: target.takesWrites ? target : (best ?? target) };
}

/** What one has received, the other has too. */
export function hasAllOf(left: Reached, right: Reached): boolean {
  return (
    left.timeline > right.timeline || (left.timeline === right.timeline && parseLsn(left.lsn) >= parseLsn(right.lsn))
  );
}

type Reached = Pick<ServerPosition, 'timeline' | 'lsn'>;

/** The refusal where one standby has more than the one that would be promoted. */
export function behind(set: string, target: ServerPosition, best: ServerPosition): SetCommandRefused {
  return new SetCommandRefused(
    `${target.pod} is behind ${best.pod} by ${String(parseLsn(best.lsn) - parseLsn(target.lsn))} bytes (${target.lsn} on timeline ${target.timeline}, the other ${best.lsn} on ${best.timeline}): rows would be lost. Wanted: \`pgusher promote ${set} ${best.pod}\``,
  );
}
