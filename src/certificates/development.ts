import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, issueServingCertificate } from './authority.ts';

/** Paths of the files. */
export interface DevelopmentCertificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** Made by this call; false: those of an earlier one are still good. */
  readonly created: boolean;
}

const names = {
  dnsNames: ['localhost', 'host.docker.internal', 'host.minikube.internal'],
  addresses: ['127.0.0.1', '::1'],
} as const;

const days = 90;

/** Those that end within this are made anew, so that one that is in use does not end during a day's work. */
const margin = 2 * 24 * 60 * 60 * 1000;

/**
 * A certificate for a webhook on one's own machine, in `<directory>/{ca.crt,tls.crt,tls.key}`, kept while it is good for another two
 * days. The CA's key is thrown away: nothing else can ever be signed with a CA that a test cluster was told to trust.
 */
export function developmentCertificate(directory: string, now: Date): DevelopmentCertificate {
  const files = {
    authority: join(directory, 'ca.crt'),
    certificate: join(directory, 'tls.crt'),
    key: join(directory, 'tls.key'),
  };
  if (stillGood(files, now)) return { ...files, created: false };

  mkdirSync(directory, { recursive: true });
  const authority = createAuthority('pgusher development CA', { now, days });
  const serving = issueServingCertificate(authority, names, { now, days });
  replaceFile(files.key, serving.key, 0o600);
  replaceFile(files.certificate, serving.certificate, 0o644);
  replaceFile(files.authority, authority.certificate, 0o644);
  return { ...files, created: true };
}

function stillGood(files: Omit<DevelopmentCertificate, 'created'>, now: Date): boolean {
  if (!Object.values(files).every((file) => existsSync(file))) return false;
  try {
    const leaf = new X509Certificate(readFileSync(files.certificate));
    const authority = new X509Certificate(readFileSync(files.authority));
    const asksFor = names.dnsNames.every((name) => leaf.checkHost(name) !== undefined);
    return asksFor && leaf.verify(authority.publicKey) && leaf.validToDate.getTime() - now.getTime() > margin;
  } catch {
    // Not certificates: written over below.
    return false;
  }
}

/** Two commands may start at once; neither may see half a file. */
function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.${String(process.pid)}`;
  writeFileSync(temporary, text, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}
