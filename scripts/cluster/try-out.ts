import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { kubectlWith } from './kubectl.ts';
import type { Kubectl } from './kubectl.ts';
import { timeout } from './patience.ts';
import { places } from './places.ts';
import { step } from './step.ts';
import { until } from './until.ts';
import { utcDay } from '../../src/utc-day.ts';

const example = fileURLToPath(new URL('../../examples/minimal.yaml', import.meta.url));
export const tryNamespace = 'pgusher-try';
const pod = 'notes-db-0';

/** examples/minimal.yaml, from the first row to the row that came back after everything but the backup was destroyed. */
export async function tryOut(version: string): Promise<void> {
  const kubeconfig = process.env['KUBECONFIG'] ?? places.kubeconfig;
  const cluster = kubectlWith(kubeconfig, version);
  const kubectl = kubectlWith(kubeconfig, version, '--namespace', tryNamespace);
  const sql = (statement: string): Promise<string> =>
    kubectl(['exec', pod, '-c', 'postgres', '--', 'psql', '-X', '-At', '-U', 'postgres', '-c', statement]);
  const ready = (): Promise<string> => kubectl(['wait', `pod/${pod}`, '--for=condition=Ready', timeout(180)]);

  await step('Clearing what an earlier try left', async () => {
    await cluster(['delete', 'namespace', tryNamespace, '--ignore-not-found', timeout(120)]);
    await cluster(['create', 'namespace', tryNamespace]);
  });
  await step('kubectl apply -f examples/minimal.yaml', async () => {
    const password = `--from-literal=password=${randomBytes(24).toString('hex')}`;
    await kubectl(['create', 'secret', 'generic', 'notes-db', password]);
    await kubectl(['apply', '-f', example]);
  });
  await step('Until the pod is there', () => until(pod, 60_000, () => kubectl(['get', 'pod', pod])));
  await step('Until the database is ready', ready);
  await step('Writing 1000 rows', async () => {
    await sql('CREATE TABLE notes AS SELECT n, md5(n::text) AS text FROM generate_series(1, 1000) AS n');
  });
  const backups = await step('Until its first base backup is there and verified', () => firstBackup(kubectl));
  console.log(indented(backups));
  const before = await kubectl(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
  await step('Destroying its data claim with the volume, and its pod', async () => {
    // Of a set that runs it is refused unless it says that it is meant.
    const agreed = `data-${pod} ${utcDay()}`;
    await kubectl(['annotate', 'pvc', `data-${pod}`, `postgres.io/allow-delete-pvc-managed=${agreed}`]);
    await kubectl(['delete', 'pvc', `data-${pod}`, '--wait=false']);
    await kubectl(['delete', 'pod', pod]);
    await until('a new pod', 60_000, async () => {
      const now = await kubectl(['get', 'pod', pod, '-o', 'jsonpath={.metadata.uid}']);
      return now === before ? undefined : now;
    });
  });
  await step('Until the database is ready again', ready);
  console.log(indented(await kubectl(['logs', pod, '-c', 'pgusher-restore'])));
  const rows = (await sql('SELECT count(*) FROM notes')).trim();
  if (rows !== '1000') throw new Error(`${rows} rows came back, 1000 were written.`);
  console.log(`${rows} rows are back. It stays for a look: kubectl -n ${tryNamespace} get statefulset,pod,pvc`);
}

async function firstBackup(kubectl: Kubectl): Promise<string> {
  const list = ['exec', pod, '-c', 'pgusher-backup', '--', '/opt/pgusher/bin/pgusher-agent', 'list'];
  return await until('a verified base backup', 120_000, async () => {
    const listed = await kubectl(list);
    return / yes +\d+m/.test(listed) ? listed : undefined;
  });
}

function indented(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ');
}
