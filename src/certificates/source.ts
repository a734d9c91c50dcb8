/** A certificate chain (leaf first) and its private key, PEM. */
export interface ServingCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Where the server's certificate comes from. */
export interface CertificateSource {
  current(): ServingCertificate;
  /** Called with each later certificate, never with the first. */
  onChange(listener: (certificate: ServingCertificate) => void): void;
  /** Why this source should not be trusted to follow a renewal any more; undefined while all is well. For readiness. */
  problem(): string | undefined;
  /** No further reads, no further calls. */
  stop(): void;
}
