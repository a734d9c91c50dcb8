import { afterEach, describe, expect, it } from 'vitest';
import { mutate } from '../../src/admission/mutate.ts';
import { objectAt, objectsAt, textsAt } from '../../src/workload/json.ts';
import { initialise, removeDirectory, scratchDirectory, startServer } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { managedSet, plainContext, requestOf } from '../support/review.ts';
import type { StatefulSetParts } from '../support/review.ts';
import { missingTools } from '../support/tool.ts';

/**
 * What the server says of itself when it was started with the arguments of the container as it is admitted. pgusher has no values of its
 * own for these parameters: without a word of the user they are PostgreSQL's.
 */

const image = 'postgres:15.14-bookworm';

/** The server's arguments behind the webhook; without the program, which the image's entrypoint takes with or without. */
function admitted(parts: StatefulSetParts): readonly string[] {
  const { allowed, object, findings } = mutate(requestOf({ object: managedSet({ image, ...parts }) }), plainContext);
  expect(findings.filter(({ severity }) => severity === 'deny')).toEqual([]);
  expect(allowed).toBe(true);
  const pod = objectAt(objectAt(objectAt(object, 'spec'), 'template'), 'spec');
  const server = objectsAt(pod, 'containers').find(({ name }) => name === 'postgres') ?? {};
  return textsAt(server, 'args').filter((word, index) => index > 0 || word !== 'postgres');
}

const five = ['max_connections', 'shared_buffers', 'temp_buffers', 'work_mem', 'max_wal_senders'] as const;

describe.skipIf(missingTools('postgres', 'initdb'))('a server with the arguments of an admitted set', () => {
  let server: PostgresServer | undefined;
  const directories: string[] = [];

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    directories.splice(0).forEach(removeDirectory);
  });

  async function shown(parts: StatefulSetParts, names: readonly string[]): Promise<readonly string[]> {
    const directory = scratchDirectory('arguments');
    directories.push(directory);
    const dataDirectory = `${directory}/pgdata`;
    initialise({ dataDirectory });
    server = await startServer({ dataDirectory, arguments: admitted(parts) });
    const found: string[] = [];
    for (const name of names) {
      const [row] = await server.sql<Record<string, string>>(`SHOW ${name}`);
      found.push(row?.[name] ?? '');
    }
    return found;
  }

  function parameters(values: readonly string[]): StatefulSetParts {
    const text = five.map((name, index) => `${name}=${values[index] ?? ''}`).join(', ');
    return { annotations: { 'postgres.io/parameters': text } };
  }

  it.each([
    { what: 'the defaults of the images that have variables for them', values: ['100', '128MB', '8MB', '4MB', '6'] },
    { what: 'other values', values: ['57', '96MB', '16MB', '12MB', '9'] },
  ])('has what postgres.io/parameters says: $what', async ({ values }) => {
    expect(await shown(parameters(values), five)).toEqual(values);
  });

  it('obeys the annotation where the arguments say something else', async () => {
    const parts = { ...parameters(['57', '96MB', '16MB', '12MB', '9']), args: ['-c', 'work_mem=1MB', '-c', 'jit=off'] };
    expect(await shown(parts, ['work_mem', 'jit'])).toEqual(['12MB', 'off']);
  });

  it.each([
    { what: 'one replica', parts: {} },
    {
      what: 'three replicas',
      parts: { replicas: 3, annotations: { 'postgres.io/replication-secret': 'orders-replication' } },
    },
  ])('streams to the store and to standbys without a word about it: $what', async ({ parts }) => {
    const [level, senders, slots] = await shown(parts, ['wal_level', 'max_wal_senders', 'max_replication_slots']);
    expect(level).toBe('replica');
    const standbys = (parts.replicas ?? 1) - 1;
    expect(Number(senders)).toBeGreaterThanOrEqual(2 + standbys);
    expect(Number(slots)).toBeGreaterThanOrEqual(2 + standbys);
  });

  it('keeps wal_level where it is logical', async () => {
    expect(await shown({ annotations: { 'postgres.io/parameters': 'wal_level=logical' } }, ['wal_level'])).toEqual([
      'logical',
    ]);
  });
});
