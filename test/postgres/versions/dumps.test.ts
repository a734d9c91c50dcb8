import { afterEach, describe, expect, it } from 'vitest';
import { debianPostgres } from '../../support/debian-postgres.ts';
import { eventually } from '../../support/postgres-server.ts';
import { eachVersion, majors } from './support/each-version.ts';
import { succeeded, VersionPod } from './support/version-pod.ts';

/** The agent's programs are of the newest version: what they write, they must load into a server of each. */
await eachVersion(({ begin, major, agentMajor }) => {
  it.each(['directory', 'plain'])('dumps and loads, format %s, with the programs of the agent', async (format) => {
    const { pod, server } = await begin();
    const agent = await pod.startAgent();
    await agent.untilProtected();
    pod.volumes.setLive('dump-format', format);
    await server.write(1, 50);
    await server.sql('ALTER DATABASE postgres SET work_mem = 1234');
    // The agent reads it every two seconds.
    await eventually('the format is in force', async () => {
      succeeded(await pod.runAgent(['dump']));
      const { dumps } = JSON.parse(succeeded(await pod.runAgent(['dumps', '--json']))) as {
        readonly dumps: readonly Record<string, unknown>[];
      };
      expect(dumps.at(-1)).toMatchObject({
        server: { major },
        client: `pg_dump ${agentMajor}`,
        compression: agentMajor >= 16 ? 'zstd' : 'gzip',
        snapshot: { shared: true },
      });
      return dumps.at(-1)?.['archives'] === format;
    });
    const loaded = await pod.runAgent(['load', 'latest', '--globals', '--database', 'postgres', '--into', 'copy']);
    expect(succeeded(loaded)).toContain('is loaded');
    const size = `pg_database_size('copy') > 7000000`;
    expect(await server.sql(`SELECT ${size} AS whole`)).toEqual([{ whole: true }]);
    // Into its own name, where the settings of the database come too.
    await server.sql('CREATE DATABASE other');
    expect((await pod.runAgent(['load', 'latest', '--database', 'postgres'])).output).toContain('is not empty');
  });
});

const suites = Object.keys(majors);
const server = await debianPostgres(suites.at(-1) ?? '');
const older = await debianPostgres(suites.at(-2) ?? '');

describe.skipIf(server === undefined || older === undefined)('programs that are older than the server', () => {
  let pod: VersionPod | undefined;
  afterEach(async () => {
    await pod?.remove();
  });

  it('are refused before anything is dumped', { timeout: 600_000 }, async () => {
    if (server === undefined || older === undefined) {
      throw new Error('skipped');
    }
    pod = await VersionPod.primary(server, older);
    succeeded(await pod.restore());
    succeeded(await pod.initialise());
    await pod.startServer();
    const agent = await pod.startAgent();
    await eventually('the agent knows its server', async () => (await agent.reasons()).includes('version: '));
    expect(await pod.runAgent(['dump'])).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^no dump was made: the server is PostgreSQL .*, and pg_dump is of version \d+, which cannot dump a newer server; wanted the programs of PostgreSQL \d+ or newer. Nothing was dumped\n$/,
      ) as string,
    });
    expect(pod.volumes.stored('..').filter((name) => name.includes('DUMP.json'))).toEqual([]);
  });
});
