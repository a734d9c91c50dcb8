/** What every command that reads manifests is told. */
export interface ManifestOptions {
  readonly filename: readonly string[];
  /** For objects that name no namespace. */
  readonly namespace: string;
  readonly config: string | undefined;
  /** Ask the current cluster what else there is. */
  readonly cluster?: boolean | undefined;
  /** Files that hold no Kubernetes object at all are fine. */
  readonly allowEmpty?: boolean | undefined;
}
