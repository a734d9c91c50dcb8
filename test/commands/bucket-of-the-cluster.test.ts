import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifests } from '../../src/manifests/read-manifests.ts';
import { applyOperations } from '../../src/plan/json-patch.ts';
import { isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';
import { openHttpsDoor } from './support/https-door.ts';
import type { HttpsDoor } from './support/https-door.ts';
import { runPgusher } from './support/run-pgusher.ts';

/** A label and nothing else, where the configuration of the cluster says where backups go. */
describe('the object store of a cluster', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-cluster-store-'));
  const config = join(directory, 'config.yaml');
  const settings = ['backup-store: s3://backups/cluster-1', 'backup-store-secret: backups'];
  const write = (more: readonly string[] = []): void => {
    writeFileSync(config, `settings:\n${[...settings, ...more].map((line) => `  ${line}\n`).join('')}`);
  };
  let door: HttpsDoor;
  beforeAll(async () => {
    write(['backup-storage: none']);
    door = await openHttpsDoor(config);
  });
  afterAll(() => {
    door.close();
    rmSync(directory, { recursive: true });
  });

  const plain = (labels: JsonObject): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'orders', namespace: 'shop', labels },
    spec: {
      serviceName: 'orders',
      replicas: 1,
      selector: { matchLabels: { app: 'orders' } },
      template: {
        metadata: { labels: { app: 'orders' } },
        spec: {
          containers: [
            {
              name: 'postgres',
              image: 'postgres:17.6-bookworm',
              env: [
                { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: 'orders', key: 'password' } } },
                { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
              ],
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql/data' }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
        },
      ],
    },
  });
  const managed = { 'postgres.io/managed': 'true' };

  function expectSpool(set: JsonObject): void {
    const spec = objectAt(set, 'spec');
    const pod = objectAt(objectAt(spec, 'template'), 'spec');
    expect(objectsAt(spec, 'volumeClaimTemplates')).toHaveLength(1);
    expect(objectsAt(pod, 'volumes').find((volume) => textAt(volume, 'name') === 'pgusher-spool')).toEqual({
      name: 'pgusher-spool',
      emptyDir: { sizeLimit: '20Gi' },
    });
    const agent = objectsAt(pod, 'initContainers').find((one) => textAt(one, 'name') === 'pgusher-backup');
    const contract = textAt(
      objectsAt(agent, 'env').find((one) => textAt(one, 'name') === 'PGUSHER_CONTRACT'),
      'value',
    );
    expect(JSON.parse(contract ?? '')).toMatchObject({
      store: { mount: '/pgusher-backup', prefix: 'shop/orders' },
      offsite: { address: 's3://backups/cluster-1', spool: 20 * 2 ** 30 },
    });
    expect(objectsAt(agent, 'env')).toContainEqual({
      name: 'AWS_ACCESS_KEY_ID',
      valueFrom: { secretKeyRef: { key: 'AWS_ACCESS_KEY_ID', name: 'backups' } },
    });
  }

  test('a new set, by the command line and by the webhook', async () => {
    const before = plain(managed);
    const { stdout, stderr, status } = runPgusher(['inject', '--config', config, '-f', '-'], {
      stdin: JSON.stringify(before),
    });
    expect(status, stderr).toBe(0);
    const read = readManifests(stdout);
    const printed = read.kind === 'read' ? read.documents[0]?.value : undefined;
    const answer = await door.ask('/mutate', before);
    const mutated = applyOperations(before, answer.operations);
    if (!isObject(mutated)) throw new Error('no object');
    expectSpool(mutated);
    expect(printed).toEqual(mutated);
  });

  test('a set that was there before, whose claim templates cannot change', async () => {
    write();
    const other = await openHttpsDoor(config);
    try {
      const after = plain(managed);
      const answer = await other.ask('/mutate', after, plain({}));
      const mutated = applyOperations(after, answer.operations);
      if (!isObject(mutated)) throw new Error('no object');
      expectSpool(mutated);
    } finally {
      other.close();
    }
  });
});
