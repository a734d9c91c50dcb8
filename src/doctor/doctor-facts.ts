import type { SetStatus } from '../status/set-status.ts';

/** What was read of a cluster for `pgusher doctor`. `right` as `kubectl auth can-i` takes it. */
export type Known<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'forbidden'; readonly right: string }
  | { readonly kind: 'failed'; readonly reason: string };

export interface DoctorFacts {
  /** Milliseconds since 1970, by this machine. */
  readonly now: number;
  /** Version of whoever asks. */
  readonly cli: string;
  /** Of the webhook's Service and Deployment. */
  readonly installation: { readonly namespace: string; readonly name: string };
  readonly kubernetes: { readonly major: number; readonly minor: number; readonly text: string };
  /** Seconds that this machine is ahead of the apiserver; null where it told no time. */
  readonly clockAhead: number | null;
  readonly mutating: Known<readonly WebhookEntry[]>;
  readonly validating: Known<readonly WebhookEntry[]>;
  readonly service: Known<ServiceFacts>;
  readonly endpoints: Known<{ readonly ready: number; readonly notReady: number }>;
  readonly deployment: Known<{ readonly wanted: number; readonly available: number; readonly image: string }>;
  readonly served: readonly Served[];
  /** Of the webhook's account. */
  readonly accountRights: Known<readonly Right[]>;
  /** Of the person, in `namespace`. */
  readonly ownRights: Known<readonly Right[]>;
  readonly namespace: string;
  readonly roundTrip: RoundTrip;
  readonly sets: Known<readonly SetStatus[]>;
}

/** One of the webhooks in a configuration. */
export interface WebhookEntry {
  readonly configuration: string;
  readonly name: string;
  readonly failurePolicy: string;
  readonly target:
    | { readonly kind: 'service'; readonly namespace: string; readonly name: string; readonly port: number }
    | { readonly kind: 'url'; readonly url: string };
  readonly bundle:
    | { readonly kind: 'none' }
    | { readonly kind: 'unreadable'; readonly reason: string }
    /** `ends`: the last of its certificates, milliseconds since 1970. */
    | { readonly kind: 'certificates'; readonly text: string; readonly ends: number };
}

export interface ServiceFacts {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
}

/** The certificate that one process of the webhook serves. */
export interface Served {
  /** A pod, or an address. */
  readonly from: string;
  readonly certificate: Known<{
    /** Milliseconds since 1970. */
    readonly ends: number;
    /** Why the bundle that the apiserver was given does not verify it; null where it does, undefined where that was not tried here. */
    readonly distrust?: string | null;
  }>;
}

export interface Right {
  readonly right: string;
  readonly allowed: boolean;
  /** What goes without it. */
  readonly needs: string;
}

/** Two StatefulSets that were sent with dryRun=All: one that is fine, one that must be refused. */
export type RoundTrip =
  | { readonly kind: 'tried'; readonly namespace: string; readonly safe: DryRun; readonly unsafe: DryRun }
  | { readonly kind: 'forbidden'; readonly right: string };

export type DryRun =
  | { readonly kind: 'stored'; readonly injected: boolean }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'failed'; readonly reason: string };
