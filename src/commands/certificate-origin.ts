import { defaultLives } from '../certificates/built-in/lives.ts';
import { UsageError } from './exit-code.ts';
import type { CertificateOrigin } from './serve.ts';

/** What `serve` is told of certificates. Lives in seconds. */
export interface CertificateOptions {
  readonly builtInCertificates?: string;
  readonly leafLife?: number;
  readonly authorityLife?: number;
  readonly certificate?: string;
  readonly key?: string;
  readonly ca?: string;
}

const ways = 'wanted --built-in-certificates SERVICE.NAMESPACE, or --certificate FILE with --key FILE';

/** @throws UsageError unless exactly one way to a certificate is named. */
export function certificateOrigin(options: CertificateOptions): CertificateOrigin {
  const { builtInCertificates: name, certificate, key } = options;
  if (name === undefined) {
    if (options.leafLife !== undefined || options.authorityLife !== undefined) {
      throw new UsageError(`--leaf-life and --authority-life are about built-in certificates; ${ways}`);
    }
    if (certificate === undefined && key === undefined) throw new UsageError(`no certificate is named; ${ways}`);
    if (certificate === undefined || key === undefined) {
      throw new UsageError(`--${certificate === undefined ? 'key' : 'certificate'} stands alone; ${ways}`);
    }
    return { kind: 'files', certificate, key };
  }
  const file = (['certificate', 'key', 'ca'] as const).find((one) => options[one] !== undefined);
  if (file !== undefined) throw new UsageError(`--built-in-certificates and --${file} are both named; ${ways}`);
  const [, service, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)$/.exec(name) ?? [];
  if (service === undefined || namespace === undefined) {
    throw new UsageError(
      `--built-in-certificates is "${name}"; wanted SERVICE.NAMESPACE, such as pgusher.pgusher-system`,
    );
  }
  const lives = {
    leaf: options.leafLife === undefined ? defaultLives.leaf : options.leafLife * 1000,
    authority: options.authorityLife === undefined ? defaultLives.authority : options.authorityLife * 1000,
  };
  if (lives.authority < lives.leaf) {
    throw new UsageError(
      '--authority-life is shorter than --leaf-life; wanted an authority that outlives what it signs',
    );
  }
  return { kind: 'built-in', namespace, service, lives };
}
