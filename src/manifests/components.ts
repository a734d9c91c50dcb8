/** Folders of manifests/components that somebody may ask for; certificate-files belongs to a mode of certificates. */
export const components = [
  'grafana-dashboard',
  'pod-roles',
  'prometheus-operator',
  'scrape-annotations',
  'secret-names',
  'web-page',
] as const;
export type Component = (typeof components)[number];

/** Where the certificate of the webhook comes from, and the folders of manifests/ that make it so, besides base. */
export const certificateModes = {
  'built-in': [],
  'cert-manager': ['components/certificate-files', 'cert-manager'],
  files: ['components/certificate-files'],
} as const;
export type CertificateMode = keyof typeof certificateModes;
