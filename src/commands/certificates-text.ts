import { section } from './table-text.ts';
import type { Colour } from './terminal.ts';

/** What `pgusher certificates` found. Times are ISO 8601. */
export interface CertificatesReport {
  readonly mode: 'built-in' | 'cert-manager' | 'files';
  /** Of built-in certificates. `until`: when it leaves the caBundles. */
  readonly authorities: readonly {
    readonly state: 'signs' | 'comes next' | 'goes';
    readonly certificate: string;
    readonly ends: string;
    readonly until: string;
  }[];
  readonly bundles: readonly {
    readonly configuration: string;
    readonly webhook: string;
    readonly certificates: readonly string[];
  }[];
  readonly served: readonly { readonly from: string; readonly ends: string; readonly distrust?: string }[];
  /** Of the authority; null where the webhook does not make it. */
  readonly renewal: string | null;
  readonly troubles: readonly string[];
}

const modes = {
  'built-in': 'the webhook makes and renews its certificates itself',
  'cert-manager': 'cert-manager makes and renews the certificate',
  files: 'somebody else writes the certificate; it is read again when it changes',
} as const;

export function certificatesText(report: CertificatesReport, colour: Colour): string {
  const { mode, authorities, bundles, served, renewal, troubles } = report;
  const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`;
  return [
    `${modes[mode]}\n`,
    section(
      'Authorities',
      authorities.map(({ state, certificate, ends, until }) => [
        state,
        certificate,
        `ends ${minute(ends)}`,
        state === 'goes' ? `in the caBundles until ${minute(until)}` : '',
      ]),
      colour,
    ),
    section(
      'caBundles',
      bundles.map(({ configuration, webhook, certificates }) => [
        configuration,
        webhook,
        certificates.length === 0 ? 'none' : certificates.join(' + '),
      ]),
      colour,
    ),
    section(
      'Served',
      served.map(({ from, ends }) => [from, `ends ${minute(ends)}`]),
      colour,
    ),
    renewal === null ? '' : `the next authority is made ${minute(renewal)}, or by \`pgusher certificates rotate\`\n`,
    troubles.length === 0
      ? `${colour('green', 'all is well')}\n`
      : troubles.map((trouble) => `${colour('red', trouble)}\n`).join(''),
  ].join('');
}
