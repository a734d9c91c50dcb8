import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { CertificateSource } from '../certificates/source.ts';

export interface ReadinessOptions {
  readonly certificate: CertificateSource;
  /** PEM of the CA that kube-apiserver was given (caBundle); undefined: the chain is not checked. */
  readonly authority: () => string | undefined;
  /** Where the server listens; undefined: not yet. */
  readonly port: () => number | undefined;
  /** Why the process should get no requests for another reason: it is leaving, a watch is not synced. */
  readonly problems: () => readonly string[];
}

/** What is missing, a line for each; ready where there is nothing. */
export type Readiness = () => Promise<readonly string[]>;

const handshakeTimeout = 3_000;

/**
 * Ready means that kube-apiserver would get through: a real TLS handshake with this server, through the CA that it was given and
 * under a name that it would ask for. A certificate that was renewed by another CA is noticed here and nowhere else in the pod.
 */
export function createReadiness(options: ReadinessOptions): Readiness {
  return async () => {
    const port = options.port();
    const problems = [...options.problems()];
    const certificate = options.certificate.problem();
    if (certificate !== undefined) problems.push(`the certificate: ${certificate}`);
    if (port === undefined) return [...problems, 'not listening yet'];
    const handshake = await shakeHands(port, nameIn(options.certificate.current().certificate), options.authority());
    return handshake === undefined ? problems : [...problems, `the TLS handshake with itself: ${handshake}`];
  };
}

/** The first DNS name of the certificate, which is the Service's. */
function nameIn(certificate: string): string {
  const names = new X509Certificate(certificate).subjectAltName ?? '';
  return /(?:^|, )DNS:([^,"]+)/.exec(names)?.[1] ?? 'localhost';
}

async function shakeHands(
  port: number,
  servername: string,
  authority: string | undefined,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername,
      ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
    });
    const settle = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(handshakeTimeout, () => {
      settle(`no answer within ${String(handshakeTimeout)} ms`);
    });
    socket.once('error', (error: Error) => {
      // Node adds advice about its own flags behind a semicolon.
      settle(error.message.replace(/;.*/s, ''));
    });
    socket.once('secureConnect', () => {
      settle(undefined);
    });
  });
}
