import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { CertificateSource, ServingCertificate } from './source.ts';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface FileSourceOptions {
  /** Milliseconds between two looks. */
  readonly interval?: number;
  /** Told of each look that failed; the certificate in use stays in use. */
  readonly onFailure?: (message: string) => void;
}

/** A Secret volume is updated within a minute or so; a look costs two small reads. */
const defaultInterval = 5_000;

/** A look may fail while a volume is swapped. Half a minute of failures means that the next renewal would be missed. */
const tolerated = 6;

/**
 * A certificate in files, read again every few seconds and compared by content: a mounted Secret is swapped by a symbolic link two
 * levels up (Kubernetes, atomic writer), which a watch on the file does not see. A pair that does not fit together (the volume
 * between two writes, a wrong file) is not taken; the one in use stays.
 * Throws an Error with one line for a person where the first read fails.
 */
export function fileSource(files: CertificateFiles, options: FileSourceOptions = {}): CertificateSource {
  let current = checked(files, readNow(files));
  let failures = 0;
  let lastFailure = '';
  const listeners: ((certificate: ServingCertificate) => void)[] = [];

  const look = async (): Promise<void> => {
    try {
      const [certificate, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]);
      const isNew = certificate !== current.certificate || key !== current.key;
      const next = isNew ? checked(files, { certificate, key }) : current;
      failures = 0;
      if (!isNew) return;
      current = next;
      for (const listener of listeners) listener(next);
    } catch (error) {
      failures += 1;
      lastFailure = messageOf(error);
      options.onFailure?.(lastFailure);
    }
  };
  const timer = setInterval(() => void look(), options.interval ?? defaultInterval);
  timer.unref();

  return {
    current: () => current,
    onChange: (listener) => void listeners.push(listener),
    problem: () => (failures > tolerated ? lastFailure : undefined),
    stop: () => {
      clearInterval(timer);
    },
  };
}

function readNow(files: CertificateFiles): ServingCertificate {
  try {
    return { certificate: readFileSync(files.certificate, 'utf8'), key: readFileSync(files.key, 'utf8') };
  } catch (error) {
    throw new Error(`the serving certificate cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * OpenSSL says whether the key belongs to the certificate when it loads the pair, but only where both are of one type (RSA, EC): it
 * takes a key of another type as that of a further certificate still to come, and then no handshake works.
 */
function checked(files: CertificateFiles, pair: ServingCertificate): ServingCertificate {
  try {
    createSecureContext({ cert: pair.certificate, key: pair.key });
    const leaf = new X509Certificate(pair.certificate);
    const key = createPrivateKey(pair.key);
    if (!leaf.checkPrivateKey(key)) {
      const [of, is] = [leaf.publicKey.asymmetricKeyType, key.asymmetricKeyType];
      throw new Error(`the certificate is for a key of type ${String(of)}, this key is of type ${String(is)}`);
    }
    return pair;
  } catch (error) {
    const why = messageOf(error);
    throw new Error(`${files.certificate} and ${files.key} are not a certificate and its key in PEM: ${why}`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
