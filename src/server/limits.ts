/** What a client may ask of the server. Milliseconds and bytes. */
export interface Limits {
  readonly body: number;
  readonly handshake: number;
  readonly headers: number;
  readonly request: number;
  readonly keepAlive: number;
  /** How often the three above are looked at; Node's default of 30 s would round each up to that. */
  readonly checkInterval: number;
}

export const limits: Limits = {
  // kube-apiserver reads objects of up to 3 MiB (MaxRequestBodyBytes). A review of an UPDATE holds two, 6 MiB, and who asks, the options
  // and the group list of that user: 2 MiB are left for those.
  body: 8 * 1024 * 1024,
  handshake: 10_000,
  headers: 10_000,
  // The longest timeoutSeconds of a webhook is 30 s and the default 10 s; 8 MiB in 15 s is 0.5 MiB/s.
  request: 15_000,
  // kube-apiserver keeps idle connections for 90 s and does not try a POST again that meets a closing one (client-go: only GET).
  keepAlive: 120_000,
  checkInterval: 2_000,
};
