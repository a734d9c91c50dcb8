import { X509Certificate } from 'node:crypto';

/** Each certificate of a text in PEM, in the form in which ours are written. Whatever is none is left out. */
export function certificatesIn(bundle: string): readonly string[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block).toString()];
    } catch {
      return [];
    }
  });
}
