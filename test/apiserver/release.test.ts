import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms, kubernetesVersion } from '../../scripts/cluster/kubernetes.ts';
import { helmProgram, helmVersions } from '../../scripts/helm/helm-program.ts';
import { version } from '../../src/version.ts';
import { missingTools } from '../support/tool.ts';
import { kustomized, objectsIn } from './support/kustomized.ts';

const root = join(import.meta.dirname, '..', '..');

/** Each of its files is used as whoever gets it uses it. Images: docs/releasing.md says how they were tried. */
describe.skipIf(missingTools('go', 'git'))('npm run release', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgusher-release-'));
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  const release = (...args: readonly string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, [join(root, 'scripts', 'release.ts'), ...args], { encoding: 'utf8' });

  beforeAll(() => {
    for (const to of [one, two]) {
      const { status, stderr } = release('--to', to, '--without-images');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    }
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  test('writes the same bytes of the same commit', () => {
    const files = readdirSync(one).toSorted();
    expect(files).toEqual(
      ['SHA256SUMS', 'install.yaml', `pgusher-${version}.tgz`, `pgusher-chart-${version}.tgz`, 'sbom.json'].toSorted(),
    );
    for (const file of files) {
      expect(readFileSync(join(one, file)).equals(readFileSync(join(two, file))), file).toBe(true);
    }
  });

  test('sums up what is there', () => {
    const checked = spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: one, encoding: 'utf8' });
    expect(checked.stdout.trim().split('\n')).toHaveLength(readdirSync(one).length - 1);
    expect(checked.status).toBe(0);
  });

  test('install.yaml is what pgusher install prints, and the chart has the same objects', () => {
    const text = readFileSync(join(one, 'install.yaml'), 'utf8');
    expect(text).toBe(execFileSync(join(root, 'bin', 'pgusher'), ['install'], { encoding: 'utf8' }));
    const wanted = objectsIn(kustomized(join(root, 'manifests')));
    expect(objectsIn(text)).toEqual(wanted);
    for (const helm of helmVersions) {
      const chart = join(one, `pgusher-chart-${version}.tgz`);
      const options = ['template', 'any', chart, '--skip-tests', '--kube-version', kubernetesVersion];
      expect(objectsIn(execFileSync(helmProgram(helm), options, { encoding: 'utf8' }))).toEqual(wanted);
    }
  });

  test('the package is a plugin of kubectl that completes its commands', () => {
    execFileSync('tar', ['-xzf', join(one, `pgusher-${version}.tgz`), '-C', directory]);
    const kubectl = join(buildPrograms(kubernetesVersion, ['kubectl']), 'kubectl');
    const path = [join(directory, 'package', 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
    const run = (...args: readonly string[]): string =>
      execFileSync(kubectl, args, { encoding: 'utf8', cwd: directory, env: { ...process.env, PATH: path } });
    expect(run('pgusher', '--version')).toBe(`${version}\n`);
    expect(run('pgusher', 'install')).toBe(readFileSync(join(one, 'install.yaml'), 'utf8'));
    expect(run('__complete', 'pgusher', 'backup', '')).toMatch(/^now\n:4\n/);
    expect(run('__complete', 'pgusher', 'check', '-f', '')).toMatch(/^:0\n/);
  });

  test('the list of packages names each with its version, and no draw of a number', () => {
    const bill = JSON.parse(readFileSync(join(one, 'sbom.json'), 'utf8')) as {
      readonly serialNumber?: string;
      readonly components: readonly { readonly name: string; readonly version: string }[];
    };
    expect(bill.serialNumber).toBeUndefined();
    expect(bill.components.map(({ name }) => name)).toContain('express');
  });

  test('a folder that has something in it is refused', () => {
    const { status, stderr } = release('--to', one, '--without-images');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `${one} is not empty; wanted an empty folder, so that nothing old is released\n`,
    });
  });
});
