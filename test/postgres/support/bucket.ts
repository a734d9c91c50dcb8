import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, issueServingCertificate } from '../../../src/certificates/authority.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually, ownedDirectory, scratchDirectory } from '../../support/postgres-server.ts';
import { versitygw } from '../../support/versitygw.ts';

/** A bucket in a real object store over TLS, which can be away, emptied and come back. */
export class Bucket {
  readonly directory: string;
  readonly address: string;
  readonly environment: Readonly<Record<string, string>>;
  private readonly host: string;
  private readonly port: number;
  private server: ChildProcess | null = null;

  private constructor(directory: string, host: string, port: number) {
    this.directory = directory;
    this.host = host;
    this.port = port;
    this.address = `s3://backups/production?endpoint=https://${host}:${port}&ca=${directory}/tls/ca.pem`;
    this.environment = { AWS_ACCESS_KEY_ID: 'pgusher', AWS_SECRET_ACCESS_KEY: 'not-a-secret-of-anybody' };
  }

  /** @param host address of this machine that it listens on. */
  static async start(label: string, host = '127.0.0.1'): Promise<Bucket> {
    const bucket = new Bucket(scratchDirectory(label), host, await freePort());
    ownedDirectory(join(bucket.directory, 'tls'), 0o755);
    const now = new Date();
    const authority = createAuthority('an object store', { now, days: 2 });
    const serving = issueServingCertificate(
      authority,
      { dnsNames: ['localhost'], addresses: [host] },
      { now, days: 2 },
    );
    writeFileSync(join(bucket.directory, 'tls/ca.pem'), authority.certificate);
    writeFileSync(join(bucket.directory, 'tls/tls.pem'), serving.certificate);
    writeFileSync(join(bucket.directory, 'tls/key.pem'), serving.key, { mode: 0o600 });
    // Folders of its root are its buckets.
    mkdirSync(join(bucket.directory, 'data/backups'), { recursive: true });
    await bucket.comeBack();
    return bucket;
  }

  async comeBack(): Promise<void> {
    const { directory, host, port } = this;
    this.server = spawn(
      await versitygw(),
      [
        ...['--port', `${host}:${port}`, '--access', 'pgusher', '--secret', 'not-a-secret-of-anybody'],
        ...['--cert', join(directory, 'tls/tls.pem'), '--key', join(directory, 'tls/key.pem')],
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
