import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect } from 'vitest';
import { debianPostgres } from '../../support/debian-postgres.ts';
import type { Combination } from './combination.ts';
import { combination } from './combination.ts';
import { Image, Place, serverArguments } from './image-place.ts';

/** In both files together. Each costs two first starts and two servers: `PGUSHER_FIRST_STARTS` for more or fewer. */
const combinations = Number(process.env['PGUSHER_FIRST_STARTS'] ?? 200);

/** One that a failure printed, to see it again. */
const given = process.env['PGUSHER_FIRST_START'];

export const patience = combinations * 60_000;

/** Side by side: half of a first start is waiting for a server that starts or stops. */
const atATime = Math.max(2, availableParallelism());

/** How long an initialisation took last that nobody killed, from its marker on. */
interface Whole {
  milliseconds: number;
}

type Outcome = 'same' | 'same after it was cut off' | 'refused by the image';

/** The first start of every second of the drawn combinations, with the servers of a Debian suite. */
export async function compareFirstStarts(suite: string, half: 0 | 1): Promise<void> {
  const debian = await debianPostgres(suite);
  if (debian === undefined) return;
  const image = new Image(debian);
  const outcomes: Outcome[] = [];
  const faults: string[] = [];
  const whole: Whole = { milliseconds: 1000 };
  try {
    await image.prepare();
    const drawn =
      given === undefined
        ? fc.sample(combination, combinations).filter((_, index) => index % 2 === half)
        : [JSON.parse(given) as Combination];
    const left = drawn.values();
    const work = async (): Promise<void> => {
      for (const one of left) {
        await compare(image, one, whole).then(
          (outcome) => outcomes.push(outcome),
          (error: unknown) => faults.push(`with ${JSON.stringify(one)}:\n${messageOf(error)}`),
        );
      }
    };
    await Promise.all(Array.from({ length: atATime }, work));
    expect(faults.join('\n\n')).toBe('');
    if (given !== undefined) return;
    // What is drawn must not consist of what the image itself refuses, nor of tries that ended before they were killed. Half are to be killed.
    const counted = (outcome: Outcome): number => outcomes.filter((one) => one === outcome).length;
    expect(counted('refused by the image')).toBeLessThan(drawn.length / 4);
    expect(counted('same after it was cut off')).toBeGreaterThan(Math.floor(drawn.length / 12));
    console.log(`${drawn.length} first starts with ${suite}, ${counted('same after it was cut off')} of them cut off`);
  } finally {
    image.remove();
  }
}

/** So long after initialisation has begun. A machine that others use too is not asked how long it takes until then. */
async function momentOf(marker: string, milliseconds: number, over: AbortSignal): Promise<void> {
  await untilThere(marker, over);
  await sleep(milliseconds, undefined, { signal: over }).catch(() => undefined);
}

/** performance.now() when it came; null: it never did. */
async function untilThere(path: string, over: AbortSignal): Promise<number | null> {
  while (!over.aborted) {
    if (existsSync(path)) return performance.now();
    await sleep(5);
  }
  return null;
}

async function compare(image: Image, one: Combination, whole: Whole): Promise<Outcome> {
  const alone = new Place(image, one);
  const ours = new Place(image, one);
  try {
    const wanted = await alone.served();
    if (wanted.description === undefined) return 'refused by the image';
    ours.makeOwnFolder();
    const environment = {
      ...ours.environment(),
      ...(one.replication ? { PGUSHER_REPLICATION_NETWORK: 'samenet' } : {}),
    };
    const command = ['sh', '/pgusher/bin/initdb.sh', ...serverArguments];
    const marker = join(ours.directory, 'volume/.pgusher/initialising');
    if (one.killedAt !== null) {
      const share = one.killedAt / 1000;
      await ours.inside(command, {
        // PostgreSQL's own initdb: half of those that are killed are killed in it.
        environment: { ...environment, ...(one.killedInInitdb ? { IMAGE_TEMPLATES: '' } : {}) },
        killWhen: (over) => momentOf(marker, share * whole.milliseconds, over),
      });
    }
    const cutOff = existsSync(marker);
    const watched = new AbortController();
    const begun = cutOff ? null : untilThere(marker, watched.signal);
    const ended = await ours.inside(command, { environment });
    const endedAt = performance.now();
    watched.abort();
    expect(ended, ended.output).toMatchObject({ status: 0 });
    const begunAt = await begun;
    if (begunAt !== null) whole.milliseconds = endedAt - begunAt;
    expect(existsSync(marker)).toBe(false);
    const made = await ours.served();
    expect(made, made.output).toMatchObject({ status: 0 });
    expect(differences(withoutOurs(made.description ?? ''), withoutOurs(wanted.description)).join('\n')).toBe('');
    if (one.replication) expect(made.description).toMatch(standby);
    return cutOff ? 'same after it was cut off' : 'same';
  } finally {
    alone.remove();
    ours.remove();
  }
}

function messageOf(error: unknown): string {
  const actual = error instanceof Error && 'actual' in error && typeof error.actual === 'string' ? error.actual : '';
  return `${String(error)}\n${actual}`;
}

/** The lines that stand in one of the two alone. */
function differences(made: string, wanted: string): readonly string[] {
  if (made === wanted) return [];
  const only = (one: string, other: string): readonly string[] => {
    const lines = new Set(other.split('\n'));
    return one.split('\n').filter((line) => !lines.has(line));
  };
  const found = [
    ...only(made, wanted).map((line) => `with pgusher: ${line}`),
    ...only(wanted, made).map((line) => `image alone: ${line}`),
  ];
  return found.length > 0 ? found : ['the same lines in another order or number', made, wanted];
}

const standby =
  /^pg_authid \{(?=.*"password": "SCRAM-SHA-256\$")(?=.*"rolname": "standby")(?=.*"rolsuper": false)(?=.*"rolcanlogin": true)(?=.*"rolreplication": true).*\n/m;

/** What pgusher adds: the role with its comment, its lines of pg_hba.conf, its folder. */
function withoutOurs(description: string): string {
  return description
    .replace(standby, '')
    .replace(/^pg_shdescription .*"replication role of pgusher".*\n/m, '')
    .replace(/# pgusher: begin[^]*?# pgusher: end\n/, '')
    .replace(/^\.pgusher\n/m, '');
}
