import { afterEach, describe, expect, it } from 'vitest';
import { debianPostgres } from '../../support/debian-postgres.ts';
import { eventually } from '../../support/postgres-server.ts';
import { majors } from './support/each-version.ts';
import { succeeded, VersionPod } from './support/version-pod.ts';

/** The newest server with the agent's programs from the one before. */
const suites = Object.keys(majors);
const server = await debianPostgres(suites.at(-1) ?? '');
const agent = await debianPostgres(suites.at(-2) ?? '');

describe.skipIf(server === undefined || agent === undefined)('an agent that is older than its server', () => {
  let pod: VersionPod | undefined;
  afterEach(async () => {
    await pod?.remove();
  });

  it('says so once, and what is wanted', { timeout: 600_000 }, async () => {
    if (server === undefined || agent === undefined) {
      throw new Error('skipped');
    }
    pod = await VersionPod.primary(server, agent);
    succeeded(await pod.restore());
    succeeded(await pod.initialise());
    const running = await pod.startServer();
    const sidecar = await pod.startAgent();
    const words = `version: the server is PostgreSQL ${server.major}, and this agent has the programs of PostgreSQL ${agent.major}`;
    await eventually(
      'the agent names both versions',
      async () => (await sidecar.reasons()).includes(words),
      () => sidecar.container.output(),
    );
    await running.write(1, 20);
    const lines = sidecar.container.output().split('\n');
    expect(lines.filter((line) => line.includes('this agent has the programs'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('receiving WAL'))).toEqual([]);
  });
});
