import type { JsonObject } from './json.ts';

/**
 * What is known of other objects: values in memory, read by whoever watches a cluster or reads a folder of manifests. Nothing in
 * them is a secret: of a Secret there are names, key names and names of users at most, and never another value.
 */
export interface ClusterFacts {
  readonly claims: FactsOf<ClaimFact>;
  readonly storageClasses: FactsOf<StorageClassFact>;
  readonly secrets: FactsOf<SecretFact>;
  readonly services: FactsOf<ServiceFact>;
  readonly disruptionBudgets: FactsOf<DisruptionBudgetFact>;
  readonly autoscalers: FactsOf<AutoscalerFact>;
  readonly statefulSets: FactsOf<StatefulSetFact>;
  readonly networkPolicies: FactsOf<NetworkPolicyFact>;
  readonly limitRanges: FactsOf<LimitRangeFact>;
  readonly quotas: FactsOf<QuotaFact>;
  /** Of files alone: no webhook reads the ConfigMaps of a cluster. */
  readonly configMaps: FactsOf<ConfigMapFact>;
  /** Of files alone too. */
  readonly persistentVolumes: FactsOf<PersistentVolumeFact>;
}

/** What a cluster is watched for. */
export type FactKind = Exclude<keyof ClusterFacts, FileFactKind>;

/** What is known of files alone. */
export type FileFactKind = 'configMaps' | 'persistentVolumes';

/** Why something may be there although it is not known. `not-asked`: there is no cluster to ask, or it is not asked for this kind. */
export type WhyUnknown = 'not-asked' | 'not-synced' | 'forbidden';

export type LookedUp<T> =
  | { readonly kind: 'present'; readonly fact: T }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly why: WhyUnknown };

/** The objects of one kind. Kinds without a namespace are in the namespace `''`. */
export interface FactsOf<T> {
  find(namespace: string, name: string): LookedUp<T>;
  /** All in a namespace; where there is a gap, those that are known. */
  within(namespace: string): readonly T[];
  /** Undefined: what is not known is not there. */
  readonly gap: WhyUnknown | undefined;
  /** Another number whenever something changed that is found from this namespace. */
  revision(namespace: string): number;
}

export interface ConfigMapFact {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface PersistentVolumeFact {
  readonly name: string;
  /** `other`: a CSI driver, a disk of a cloud, a disk of one node (`local`). */
  readonly kind: 'hostPath' | 'nfs' | 'other';
  /** The directory; with its host where it is on NFS. */
  readonly path: string;
  /** It says by itself on which nodes it is. */
  readonly isOfSomeNodes: boolean;
  readonly storageClass: string;
  readonly accessModes: readonly string[];
  readonly storage: string | undefined;
  /** `shop/orders`: it is kept for one claim. */
  readonly claim: string | undefined;
}

export interface ClaimFact {
  readonly name: string;
  readonly accessModes: readonly string[];
  readonly storageClass: string | undefined;
  /** The PersistentVolume that it asks for by name. */
  readonly volumeName: string | undefined;
  /** As asked for. */
  readonly storage: string | undefined;
}

export interface StorageClassFact {
  readonly name: string;
  readonly isDefault: boolean;
  readonly provisioner: string;
  /** `parameters.protocol`, by which some provisioners make either of two kinds of volume. */
  readonly protocol: string | undefined;
  readonly reclaimPolicy: string;
  readonly canExpand: boolean;
}

export interface SecretFact {
  readonly name: string;
  /** Undefined: only its name is known. */
  readonly keys: readonly string[] | undefined;
  /** Values by key, of the keys that hold the name of a user; of files alone, since no cluster is asked for more than names. */
  readonly userNames: Readonly<Record<string, string>>;
}

export interface ServiceFact {
  readonly name: string;
  readonly isHeadless: boolean;
  readonly publishesNotReady: boolean;
  /** Empty: it selects nothing by itself. */
  readonly selector: Readonly<Record<string, string>>;
  /** `target`: a number, or the name of a container's port. */
  readonly ports: readonly { readonly port: number; readonly target: number | string }[];
}

export interface DisruptionBudgetFact {
  readonly name: string;
  readonly selector: LabelSelector;
  /** As written: `1`, `50%`. */
  readonly minAvailable: string | undefined;
  readonly maxUnavailable: string | undefined;
}

/** As in Kubernetes: all of it has to match, and an empty one matches everything. */
export interface LabelSelector {
  readonly labels: Readonly<Record<string, string>>;
  readonly expressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface AutoscalerFact {
  readonly name: string;
  /** `StatefulSet/orders` */
  readonly target: string;
  readonly maxReplicas: number | undefined;
}

export interface StatefulSetFact {
  readonly name: string;
  readonly uid: string;
  readonly replicas: number;
  /** The ordinal of its first pod (`spec.ordinals.start`). */
  readonly firstOrdinal: number;
  readonly isBeingDeleted: boolean;
  /** The set itself, as far as it is kept (kept-set.ts); undefined where it is not managed. */
  readonly managed: JsonObject | undefined;
  /** What its annotations say of backups; undefined where they name no claim, or it is a standby, has backups off or is not managed. */
  readonly backups: { readonly claim: string; readonly prefix: string | undefined } | undefined;
  /** Names of claim templates: pod 0 has the claim `<template>-<name>-0`. */
  readonly claimTemplates: readonly string[];
  /** Claims that are named in the pod template, and where in them is written; '' is all of it. */
  readonly writes: readonly { readonly claim: string; readonly folders: readonly string[] }[];
}

/** Rules add up: what one policy of a pod lets through is let through. */
export interface NetworkPolicyFact {
  readonly name: string;
  readonly pods: LabelSelector;
  /** undefined: it says nothing of this direction. */
  readonly ingress: readonly NetworkRule[] | undefined;
  readonly egress: readonly NetworkRule[] | undefined;
}

export interface NetworkRule {
  /** Pods of the same namespace; `anybody`: addresses or other namespaces, which may be any pod. None at all: everybody. */
  readonly peers: readonly (LabelSelector | 'anybody')[];
  /** Of TCP; undefined: every port. A name is that of a container's port. */
  readonly ports:
    readonly { readonly from: number | string | undefined; readonly to: number | undefined }[] | undefined;
}

/** Quantities as written, by resource: `memory`, `cpu`. */
export type Quantities = Readonly<Record<string, string>>;

export interface LimitRangeFact {
  readonly name: string;
  /** Of `type: Container` and `type: Pod`. */
  readonly limits: readonly {
    readonly type: string;
    readonly max: Quantities;
    readonly min: Quantities;
    readonly maxLimitRequestRatio: Quantities;
    /** What a container gets that says none: as stored, where `default`, `max` and `min` fill in what is not written. */
    readonly defaultRequest: Quantities;
  }[];
}

export interface QuotaFact {
  readonly name: string;
  /** By `limits.memory`, `requests.cpu` …; empty where it holds for some pods only (scopes). */
  readonly hard: Quantities;
}
