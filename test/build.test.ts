import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { developmentCertificate } from '../src/certificates/development.ts';

const root = join(import.meta.dirname, '..');

/** What the Dockerfile puts into an image: bin/, package.json and what is built. No package is anywhere above it. */
describe('what npm run build makes, without the checkout', () => {
  const image = mkdtempSync(join(tmpdir(), 'pgusher-image-'));
  const environment = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    AWS_REGION: '',
    AWS_DEFAULT_REGION: '',
    AZURE_STORAGE_KEY: '',
    AZURE_STORAGE_SAS_TOKEN: '',
    AZURE_CLIENT_ID: '',
  };
  let server: ChildProcess | undefined;

  beforeAll(() => {
    const build = spawnSync(process.execPath, [join(root, 'scripts/build.ts'), join(image, 'dist')], {
      encoding: 'utf8',
    });
    expect(build.status, build.stderr).toBe(0);
    cpSync(join(root, 'bin'), join(image, 'bin'), { recursive: true });
    cpSync(join(root, 'package.json'), join(image, 'package.json'));
  });

  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(image, { recursive: true });
  });

  function run(program: string, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(join(image, 'bin', program), args, { encoding: 'utf8', cwd: image, env: environment });
  }

  test('injects what the sources inject', () => {
    const file = join(root, 'examples/minimal.yaml');
    const built = run('pgusher', 'inject', '-f', file);
    const sources = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'inject', '-f', file], {
      encoding: 'utf8',
    });
    expect(built.status).toBe(0);
    expect(built.stdout).toBe(sources.stdout);
  });

  test('serves every page, and loads the client of a cluster', async () => {
    const files = developmentCertificate(image, new Date());
    const kubeconfig = join(image, 'kubeconfig');
    const cluster = { name: 'nowhere', cluster: { server: 'https://127.0.0.1:65534' } };
    const context = { name: 'nowhere', context: { cluster: 'nowhere', user: 'nobody' } };
    const user = { name: 'nobody', user: { token: 'none' } };
    const config = { apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [context], users: [user] };
    writeFileSync(kubeconfig, JSON.stringify({ ...config, 'current-context': 'nowhere' }));
    const flags = ['--listen', '127.0.0.1:0', '--certificate', files.certificate, '--key', files.key];
    const child = spawn(join(image, 'bin/pgusher'), ['serve', ...flags, '--kubeconfig', kubeconfig], {
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server = child;
    const log = (pattern: RegExp): Promise<string> =>
      new Promise((resolve) => {
        let text = '';
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const found = pattern.exec(text)?.[1];
          if (found !== undefined) resolve(found);
        });
      });
    const notWatched = log(/"what":"namespaces","problem":"([^"]*)","msg":"not watched"/);
    const port = Number(await log(/"port":(\d+)/));
    const page = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const ca = readFileSync(files.authority);
        request({ host: '127.0.0.1', port, path, ca, servername: 'localhost' }, (response) => {
          let text = String(response.statusCode);
          response.on('data', (chunk: Buffer) => (text += ` ${chunk.toString()}`));
          response.on('end', () => {
            resolve(text);
          });
        })
          .on('error', reject)
          .end();
      });
    expect(await page('/healthz')).toMatch(/^200 ok/);
    expect(await page('/readyz')).toContain('the namespaces are not read yet');
    expect(await page('/metrics')).toContain('pgusher_');
    expect(await page('/')).toContain('<!doctype html>');
    expect(await notWatched).toContain('ECONNREFUSED');
  });

  test('has the agent, with its sh files where it looks for them', () => {
    expect(run('pgusher-agent', '--help').stdout).toContain('Usage: pgusher-agent');
    const listed = run('pgusher-agent', 'list', '--store', image, '--prefix', 'shop/db');
    expect(listed.stderr).not.toContain('Error [ERR_MODULE_NOT_FOUND]');
    expect(listed.status).toBeGreaterThan(0);
    // What speaks with each kind of store is loaded where it is used; no region, no credentials is what it says first.
    const bucket = run('pgusher-agent', 'list', '--store', 's3://backups', '--prefix', 'shop/db');
    expect(bucket.stderr).toContain('no region is known for s3://backups');
    const container = run('pgusher-agent', 'list', '--store', 'azblob://company/backups', '--prefix', 'shop/db');
    expect(container.stderr).toContain('there are no credentials for Azure');
    const scripts = readFileSync(join(image, 'dist/scripts/restore-command.sh'), 'utf8');
    expect(scripts).toBe(readFileSync(join(root, 'src/agent/scripts/restore-command.sh'), 'utf8'));
  });

  test('has no package that the bill of materials does not name', () => {
    const made = spawnSync(process.execPath, [join(root, 'scripts/sbom.ts')], { encoding: 'utf8' });
    expect(made.status, made.stderr).toBe(0);
    const bill = JSON.parse(made.stdout) as {
      readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
      readonly components: readonly { readonly purl: string; readonly hashes?: readonly unknown[] }[];
    };
    const { version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly version: string;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    expect(bill.metadata.component).toMatchObject({ name: 'pgusher', version });
    const named = new Set(bill.components.map(({ purl }) => decodeURIComponent(purl)));
    const licences = readFileSync(join(image, 'dist/LICENSES.txt'), 'utf8');
    const shipped = [...licences.matchAll(/^(\S+) (\d+\.\d+\.\d\S*) \(/gm)].map(
      ([, name, at]) => `pkg:npm/${name}@${at}`,
    );
    expect(shipped.length).toBeGreaterThan(20);
    expect(shipped.filter((purl) => !named.has(purl))).toEqual([]);
    expect(bill.components.filter(({ hashes }) => hashes === undefined)).toEqual([]);
    expect([...named].filter((purl) => purl === `pkg:npm/vitest@${devDependencies['vitest'] ?? ''}`)).toEqual([]);
  });

  test('names the licence of each package in it', () => {
    const licences = readFileSync(join(image, 'dist/LICENSES.txt'), 'utf8');
    for (const name of [
      'express',
      'pino',
      'zod',
      'pg',
      '@kubernetes/client-node',
      'fast-json-patch',
      '@aws-sdk/client-s3',
    ]) {
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
    }
  });
});
