import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually, ownedDirectory, scratchDirectory } from '../../support/postgres-server.ts';
import { requireTool } from '../../support/tool.ts';

/** A bucket in a real object store over TLS, which can be away, emptied and come back. */
export class Bucket {
  readonly directory: string;
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  private readonly port: number;
  private server: ChildProcess | null = null;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
    this.address = `s3://backups/production?endpoint=https://127.0.0.1:${port}&ca=${directory}/tls/ca.pem`;
    this.environment = { AWS_ACCESS_KEY_ID: 'pgusher', AWS_SECRET_ACCESS_KEY: 'not-a-secret-of-anybody' };
  }

  static async start(label: string): Promise<Bucket> {
    const bucket = new Bucket(scratchDirectory(label), await freePort());
    ownedDirectory(join(bucket.directory, 'tls'), 0o755);
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', join(bucket.directory, 'tls/key.pem'), '-out', join(bucket.directory, 'tls/ca.pem')],
      ],
      { stdio: 'ignore' },
    );
    // Folders of its root are its buckets.
    mkdirSync(join(bucket.directory, 'data/backups'), { recursive: true });
    await bucket.comeBack();
    return bucket;
  }

  async comeBack(): Promise<void> {
    const { directory, port } = this;
    this.server = spawn(
      requireTool('versitygw'),
      [
        ...['--port', `127.0.0.1:${port}`, '--access', 'pgusher', '--secret', 'not-a-secret-of-anybody'],
        ...['--cert', join(directory, 'tls/ca.pem'), '--key', join(directory, 'tls/key.pem')],
        ...['posix', join(directory, 'data')],
      ],
      { stdio: 'ignore' },
    );
    await eventually('the object store answers', async () => {
      const place = await this.open();
      const listed = await place.list('', AbortSignal.timeout(5_000));
      place.close();
      return listed.outcome === 'listed';
    });
  }

  async goAway(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server !== null && server.exitCode === null) {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
    }
  }

  async open(): Promise<Place> {
    return openPlace(this.address, { ...this.environment });
  }

  /** Everything that is in it, by key. */
  async keys(): Promise<readonly string[]> {
    const place = await this.open();
    const listed = await place.list('');
    place.close();
    if (listed.outcome !== 'listed') {
      throw new Error(listed.words);
    }
    return listed.objects.map(({ key }) => key);
  }

  /** Behind the back of the server. */
  empty(): void {
    const root = join(this.directory, 'data/backups');
    for (const name of readdirSync(root)) {
      rmSync(join(root, name), { recursive: true });
    }
  }

  async remove(): Promise<void> {
    await this.goAway();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
