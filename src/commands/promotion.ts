import type { ServerPosition } from '../agent/standby/promotion-commands.ts';
import { asked, parsePosition, positionOf, told } from './pod-agent.ts';
import { choose } from './promotion-target.ts';
import { untilHasEndOf, untilLevel } from './received-wal.ts';
import { SetCommandRefused } from './set-command.ts';

/** The set as `pgusher promote` needs it: pods, a way to ask and tell their agents, the record, Services. */
export interface PromotionCluster {
  /** Names of the set's pods that exist, by ordinal. */
  pods(): Promise<readonly string[]>;
  /** Runs `pgusher-agent …` beside the server of a pod. */
  agent(pod: string, args: readonly string[]): Promise<AgentAnswer>;
  /** The preStop hook in the server's container: a clean, fast stop. */
  stopServer(pod: string): Promise<void>;
  /** Data of ConfigMap `<set>-pgusher`, and its version; an empty one where there is none. */
  record(): Promise<{ readonly values: Readonly<Record<string, string>>; readonly version: string | null }>;
  /** Keys with null are taken out. False: somebody else has written since `version`. */
  writeRecord(changes: Readonly<Record<string, string | null>>, version: string | null): Promise<boolean>;
  /** Services that select this set's pods by the name of one. */
  pinnedServices(): Promise<readonly { readonly name: string; readonly pod: string }[]>;
  pointService(name: string, pod: string): Promise<void>;
}

export interface AgentAnswer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface PromotionRequest {
  readonly set: string;
  /** Null: the one that has received most. */
  readonly pod: string | null;
  readonly fence: boolean;
  readonly dryRun: boolean;
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

/** Who was primary before: a promotion that is run again after its record must still know whose Services it turns. */
const previousKey = 'previous';

/** Who is being promoted, written before anything is done: a second promotion meanwhile goes on with the same pod or says who. */
const intentKey = 'promoting';

/**
 * Steps that can each be repeated, so that a promotion that was cut off anywhere ends in the same state when it is run again: look → intent →
 * fence → promote, first write accepted → record → the others follow → Services → base backup.
 */
export async function promote(cluster: PromotionCluster, request: PromotionRequest): Promise<void> {
  const { set, say } = request;
  const pods = await cluster.pods();
  if (request.pod !== null && !pods.includes(request.pod)) {
    throw new SetCommandRefused(
      `there is no pod ${request.pod} in ${set}; wanted one of ${pods.join(', ') || 'none: it has no pods'}`,
    );
  }
  const { values, version } = await cluster.record();
  const positions = await positionsOf(cluster, pods);
  const { target, best } = choose(request, positions, values[intentKey]);
  const rivals = positions.filter((position) => position.takesWrites && position.pod !== target.pod);
  const silent = pods.filter((pod) => !positions.some((position) => position.pod === pod));
  if (rivals.length > 0 && !request.fence) {
    throw new SetCommandRefused(
      `${rivals.map(({ pod }) => pod).join(', ')} takes writes; two primaries lose rows. Wanted: it stopped first, or --fence, which stops it and keeps it from taking writes`,
    );
  }
  await untilLevel(cluster, set, { target, best, flows: rivals.length > 0 });
  const step = async (what: string, work: () => Promise<void>): Promise<void> => {
    say(request.dryRun ? `would: ${what}` : what);
    if (!request.dryRun) {
      await work();
    }
  };

  await step(`write down that ${target.pod} is being promoted`, async () => {
    if (values[intentKey] !== target.pod && !(await cluster.writeRecord({ [intentKey]: target.pod }, version))) {
      const winner = (await cluster.record()).values[intentKey];
      throw new SetCommandRefused(
        `another promotion has begun${winner === undefined ? '' : `, of ${winner}`}; nothing was changed by this one. Run it again to go on with that one`,
      );
    }
  });
  for (const pod of silent) {
    await step(`tell ${pod}, whose server does not answer, that ${target.pod} becomes primary`, async () => {
      // Its own agent may be there: a server that is being restored, or that answers again, then never takes writes beside the other.
      const answer = await asked(cluster, pod, ['follow', target.pod, String(target.timeline + 1)]);
      if (answer.code !== 0)
        say(`${pod} cannot be told: it is left as it is, and finds out by the record when it comes back`);
    });
  }
  for (const { pod } of rivals) {
    await step(`fence ${pod}: its server stops, and takes no writes when it starts again`, async () => {
      await fence(cluster, pod);
      await untilHasEndOf(cluster, request, pod, target).catch(async (error: unknown) => {
        await withdraw(cluster, target.pod);
        throw error;
      });
    });
  }
  let timeline = target.timeline;
  await step(`promote ${target.pod} and wait for the first write`, async () => {
    await stillIntended(cluster, target.pod);
    const promoted = parsePosition(await told(cluster, target.pod, ['promote']));
    timeline = promoted.timeline;
    say(`${target.pod} takes writes on timeline ${timeline} from ${promoted.lsn} on`);
  });
  await step(`write down that ${target.pod} is primary`, () => writeDown(cluster, request, target.pod, timeline));
  await afterwards(
    cluster,
    { ...request, pods, target: target.pod, before: previousOf(values, set, target.pod) },
    () => timeline,
    step,
  );
}

/** Time has passed since the intent was written. @throws SetCommandRefused where somebody took it away for another pod. */
async function stillIntended(cluster: PromotionCluster, pod: string): Promise<void> {
  const { values } = await cluster.record();
  const now = values[intentKey];
  // Another one of the same pod may be through already.
  if (now !== pod && values['primary'] !== pod) {
    throw new SetCommandRefused(
      `the promotion of ${pod} was taken back meanwhile${now === undefined ? '' : `, for one of ${now}`}; nobody was promoted by this one`,
    );
  }
}

/** Nobody was promoted, and another one may be. */
async function withdraw(cluster: PromotionCluster, pod: string): Promise<void> {
  const { values, version } = await cluster.record();
  if (values[intentKey] === pod) {
    await cluster.writeRecord({ [intentKey]: null }, version);
  }
}

/** `pgusher promote --record POD`: what was done by hand is written down. */
export async function recordPrimary(
  cluster: PromotionCluster,
  request: PromotionRequest & { readonly pod: string },
): Promise<void> {
  const { pod, say } = request;
  const pods = await cluster.pods();
  if (!pods.includes(pod)) {
    throw new SetCommandRefused(
      `there is no pod ${pod} in ${request.set}; wanted one of ${pods.join(', ') || 'none: it has no pods'}`,
    );
  }
  const positions = await positionsOf(cluster, pods);
  const own = positions.find((position) => position.pod === pod);
  if (own?.takesWrites === false) {
    throw new SetCommandRefused(
      `${pod} is a standby; wanted a primary. \`pgusher promote ${request.set} ${pod}\` makes it one`,
    );
  }
  const rival = positions.find((position) => position.takesWrites && position.pod !== pod);
  if (rival !== undefined) {
    throw new SetCommandRefused(
      `${rival.pod} takes writes too (timeline ${rival.timeline}); wanted one primary. Stop that one first`,
    );
  }
  if (own === undefined) {
    throw new SetCommandRefused(
      `the server of ${pod} does not answer, so its timeline is not known. It stops at its start because the record is missing or wrong? Write it by hand: ` +
        `kubectl patch configmap ${request.set}-pgusher --type=merge -p '{"data":{"primary":"${pod}","timeline":"<number in its message>"}}'`,
    );
  }
  say(`${request.dryRun ? 'would write' : 'written'}: ${pod} is primary on timeline ${own.timeline}`);
  if (!request.dryRun) {
    await writeDown(cluster, request, pod, own.timeline);
  }
}

async function positionsOf(cluster: PromotionCluster, pods: readonly string[]): Promise<readonly ServerPosition[]> {
  const answers = await Promise.all(pods.map(async (pod) => positionOf(cluster, pod)));
  return answers.filter((position) => position !== null);
}

async function fence(cluster: PromotionCluster, pod: string): Promise<void> {
  await told(cluster, pod, ['fence']);
  await cluster.stopServer(pod);
  if ((await positionOf(cluster, pod))?.takesWrites === true) {
    throw new SetCommandRefused(
      `${pod} was told to stop and takes writes still; nobody was promoted. Run the same command again`,
    );
  }
}

async function writeDown(
  cluster: PromotionCluster,
  { now, set }: PromotionRequest,
  pod: string,
  timeline: number,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { values, version } = await cluster.record();
    const other = values['primary'];
    if (other !== undefined && other !== pod && Number(values['timeline'] ?? '0') > timeline) {
      throw new SetCommandRefused(
        `the record names ${other} on timeline ${values['timeline'] ?? ''} meanwhile, which is newer than ${timeline}`,
      );
    }
    const written = await cluster.writeRecord(
      {
        primary: pod,
        timeline: String(timeline),
        since: now().toISOString(),
        [previousKey]: previousOf(values, set, pod),
        [intentKey]: null,
      },
      version,
    );
    if (written) return;
    if (attempt === 5)
      throw new SetCommandRefused('the record is changed by somebody else again and again; run the same command again');
  }
}

function previousOf(values: Readonly<Record<string, string>>, set: string, target: string): string {
  const { primary } = values;
  return (primary === target ? values[previousKey] : primary) ?? `${set}-0`;
}

interface Aftermath extends PromotionRequest {
  readonly pods: readonly string[];
  readonly target: string;
  /** Who was primary. */
  readonly before: string;
}

/** The set has its primary; what fails here is said, and the same command does it again. */
async function afterwards(
  cluster: PromotionCluster,
  { pods, target, before, say }: Aftermath,
  timeline: () => number,
  step: (what: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  for (const pod of pods.filter((other) => other !== target)) {
    await step(`${pod} follows ${target}`, async () => {
      const answer = await asked(cluster, pod, ['follow', target, String(timeline())]);
      if (answer.code !== 0)
        say(`${pod} could not be told (${answer.error.trim()}): it finds the record at its next start`);
    });
  }
  for (const service of await cluster.pinnedServices()) {
    if (service.pod === target) continue;
    if (service.pod === before) {
      await step(`Service ${service.name} selects ${target}`, () => cluster.pointService(service.name, target));
    } else {
      say(`Service ${service.name} selects ${service.pod}: not touched`);
    }
  }
  await step(`base backup of ${target} on its new timeline`, async () => {
    const answer = await asked(cluster, target, ['backup', 'now']);
    if (answer.code !== 0)
      say(`no base backup was made now (${answer.error.trim()}); the agent makes one by itself where backups are on`);
  });
}
