import { expect, test } from 'vitest';
import { certificateOrigin } from '../../src/commands/certificate-origin.ts';
import type { CertificateOptions } from '../../src/commands/certificate-origin.ts';

const day = 86_400_000;
const ways = 'wanted --built-in-certificates SERVICE.NAMESPACE, or --certificate FILE with --key FILE';
const builtInCertificates = 'pgusher.pgusher-system';
const made = { kind: 'built-in', service: 'pgusher', namespace: 'pgusher-system' };

test('one way to a certificate is taken', () => {
  expect(certificateOrigin({ certificate: 'a', key: 'b', ca: 'c' })).toEqual({
    kind: 'files',
    certificate: 'a',
    key: 'b',
  });
  expect(certificateOrigin({ builtInCertificates })).toEqual({
    ...made,
    lives: { leaf: 30 * day, authority: 730 * day },
  });
  expect(certificateOrigin({ builtInCertificates, leafLife: 12, authorityLife: 36 })).toEqual({
    ...made,
    lives: { leaf: 12_000, authority: 36_000 },
  });
});

test.each<readonly [CertificateOptions, string]>([
  [{}, `no certificate is named; ${ways}`],
  [{ key: 'b' }, `--key stands alone; ${ways}`],
  [{ certificate: 'a' }, `--certificate stands alone; ${ways}`],
  [
    { certificate: 'a', key: 'b', leafLife: 1 },
    `--leaf-life and --authority-life are about built-in certificates; ${ways}`,
  ],
  [{ builtInCertificates, ca: 'c' }, `--built-in-certificates and --ca are both named; ${ways}`],
  [
    { builtInCertificates: 'pgusher' },
    '--built-in-certificates is "pgusher"; wanted SERVICE.NAMESPACE, such as pgusher.pgusher-system',
  ],
  [
    { builtInCertificates, authorityLife: 3600 },
    '--authority-life is shorter than --leaf-life; wanted an authority that outlives what it signs',
  ],
])('%j is a line for a person', (options, message) => {
  expect(() => certificateOrigin(options)).toThrow(message);
});
