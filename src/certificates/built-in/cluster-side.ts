/** What built-in certificates need of a cluster. Every call rejects with one line for a person, which names a right that is missing. */
export interface ClusterSide {
  /** Of the configurations that are there. */
  readBundles(): Promise<readonly ConfigurationBundles[]>;
  readSecret(): Promise<StoredSecret>;
  /** `outdated`: somebody else wrote since `version` was read, and nothing was done. */
  writeSecret(authorities: string, version: string): Promise<'written' | 'outdated'>;
  /**
   * The same bundle to every webhook of the configuration, only where that is what was read. With the Secret read after the configuration,
   * no bundle is ever written over one that is newer: whoever wrote that changed the Secret before, and the configuration since.
   */
  writeBundle(configuration: ConfigurationBundles, bundle: string): Promise<'written' | 'outdated'>;
  /** Told that something of it may have changed. */
  watch(changed: () => void): { stop(): void };
}

/** A webhook configuration that is there. */
export interface ConfigurationBundles {
  readonly resource: 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations';
  readonly version: string;
  readonly webhooks: readonly {
    readonly name: string;
    /** PEM; empty where there is none. */
    readonly bundle: string;
  }[];
}

export interface StoredSecret {
  /** With its namespace. */
  readonly name: string;
  /** Undefined: it is there, and nothing is in it. */
  readonly authorities: string | undefined;
  readonly version: string;
  /** Whatever text the last order of that kind was; empty where there was none. */
  readonly orders: { readonly rotate: string; readonly renew: string };
  /** The apiserver's clock, milliseconds since 1970; undefined where it told no time. */
  readonly clock: number | undefined;
}
