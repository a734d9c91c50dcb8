import { afterEach, describe, expect } from 'vitest';
import type { DebianPostgres } from '../../../support/debian-postgres.ts';
import { debianPostgres } from '../../../support/debian-postgres.ts';
import type { VersionAgent } from './version-agent.ts';
import { succeeded, VersionPod } from './version-pod.ts';
import type { VersionServer } from './version-server.ts';

/** Every major version of PostgreSQL that Debian has, by its suite, oldest first. */
const debian: Readonly<Record<string, number>> = {
  bullseye: 13,
  bookworm: 15,
  trixie: 17,
  sid: 18,
  experimental: 19,
};

/**
 * Two always; all with `npm run test:postgres -- --all`, those that PGUSHER_TEST_VERSIONS names otherwise (suites, with a comma in
 * between). The agent's client programs are from the newest of them, as in the agent's image.
 */
export const majors: Readonly<Record<string, number>> = chosen(process.env['PGUSHER_TEST_VERSIONS']);

function chosen(names = 'bookworm,trixie'): Readonly<Record<string, number>> {
  const suites = names.split(',');
  return Object.fromEntries(Object.entries(debian).filter(([suite]) => names === 'all' || suites.includes(suite)));
}

export interface Version {
  readonly place: DebianPostgres;
  /** The file system that the agent runs in. */
  readonly agent: DebianPostgres;
  readonly major: number;
  /** Of the agent's PostgreSQL programs. */
  readonly agentMajor: number;
  /** The server is of that version too. */
  readonly newest: boolean;
  /** A pod with a new database, made as its first start makes it. It is gone after the test. */
  readonly begin: (settings?: Readonly<Record<string, string>>) => Promise<{ pod: VersionPod; server: VersionServer }>;
}

/** Registers the tests of `tests` for each version; skipped, with the reason printed, where this machine has them not. */
export async function eachVersion(tests: (version: Version) => void): Promise<void> {
  const made: (DebianPostgres | undefined)[] = [];
  for (const suite of Object.keys(majors)) {
    made.push(await debianPostgres(suite));
  }
  const agent = made.findLast((place) => place !== undefined);
  const pods: VersionPod[] = [];
  afterEach(async () => {
    for (const pod of pods.splice(0)) {
      await pod.remove();
    }
  });
  for (const [index, suite] of Object.keys(majors).entries()) {
    const place = made[index];
    describe.skipIf(place === undefined || agent === undefined)(
      `PostgreSQL of Debian ${suite}`,
      { timeout: 600_000 },
      () => {
        const places = { server: place ?? nowhere(suite), agent: agent ?? nowhere(suite) };
        tests({
          place: places.server,
          agent: places.agent,
          major: places.server.major,
          agentMajor: places.agent.major,
          newest: places.server === places.agent,
          begin: async (settings = {}) => {
            const pod = await VersionPod.primary(places.server, places.agent);
            pods.push(pod);
            succeeded(await pod.restore());
            expect(pod.volumes.decision()).toBe('initialise');
            succeeded(await pod.initialise());
            return { pod, server: await pod.startServer({ settings }) };
          },
        });
      },
    );
  }
}

/** Stands where a skipped test is only named. */
function nowhere(suite: string): DebianPostgres {
  return { suite, root: '/nonexistent', major: majors[suite] ?? 0 };
}

/** The next start of a pod, with an empty volume: the agent runs before the server, which asks it for WAL. */
export async function restored(pod: VersionPod): Promise<{ agent: VersionAgent; server: VersionServer }> {
  pod.volumes.loseData();
  succeeded(await pod.restore());
  expect(pod.volumes.decision()).toBe('restored');
  const agent = await pod.startAgent();
  return { agent, server: await pod.startServer() };
}
