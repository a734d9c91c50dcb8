import type { ImageFamily } from './image-family.ts';
import type { ImageReference } from './image-reference.ts';
import type { InitdbArguments } from './initdb-arguments.ts';
import type { JsonObject } from './json.ts';
import type { Waiting } from './launched-program.ts';
import type { Manager } from './manager.ts';
import type { Settings } from './settings.ts';
import type { Sh } from './started-programs.ts';
import type { UnreadableField } from './unreadable-field.ts';

/**
 * What a StatefulSet says about the Postgres in it: facts only, read once by `readPostgresWorkload`, never changed.
 * Every check and injection works from this value. It always describes the *user's* object: what pgusher injected
 * was stripped before (see pinning/strip.ts).
 */
export interface PostgresWorkload {
  readonly namespace: string;
  /** `metadata.name`; `metadata.generateName` where there is no name yet. */
  readonly name: string;
  /** The user's object, raw. */
  readonly object: JsonObject;
  /** `spec.template.spec`, raw; empty where the object has none. */
  readonly podSpec: JsonObject;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** `spec.replicas`; 1 where absent, as the apiserver defaults it. */
  readonly replicas: number;
  /** `spec.template.spec.terminationGracePeriodSeconds`; undefined where absent (Kubernetes then takes 30). */
  readonly graceSeconds: number | undefined;
  /** Which container is Postgres, or why that cannot be said. */
  readonly detection: Detection;
  /** The container that `detection` found. Checks and injections that need it do nothing without. */
  readonly server: ServerContainer | undefined;
}

export type Detection =
  | { readonly kind: 'found'; readonly container: string; readonly because: readonly DetectionSign[] }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly string[] }
  /** `container` annotation that names no container of the pod. */
  | { readonly kind: 'named-but-absent'; readonly wanted: string; readonly containers: readonly string[] }
  | { readonly kind: 'none'; readonly containers: readonly string[] }
  /** Fields hold other types than Kubernetes has there; nothing is read past them. At least one. */
  | { readonly kind: 'unreadable'; readonly fields: readonly UnreadableField[] };

export type DetectionSign =
  'annotation' | 'only-container' | 'image-family' | 'port-5432' | 'postgres-environment' | 'data-mount';

/** The Postgres container and everything known of it. */
export interface ServerContainer {
  readonly name: string;
  /** The container, raw. */
  readonly container: JsonObject;
  readonly image: ImageReference | undefined;
  /** From the repository name; `unknown` where it tells nothing. */
  readonly family: ImageFamily;
  /** Seen in the pod, and not by the image's name; `family` is then what that manager's images are like. */
  readonly manager: Manager | undefined;
  /** The `version` setting, else from the tag. */
  readonly major: number | undefined;
  readonly data: DataDirectory;
  /** Where the WAL is put when the database is made; undefined: in PGDATA. */
  readonly wal: WalDirectory | undefined;
  /** What is literally in `env`, by name. */
  readonly environment: ReadonlyMap<string, EnvironmentValue>;
  /** As written: the kubelet's `$(NAME)` references are in them. `start` and `parameters` are read after expansion. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly start: StartForm;
  /** What POSTGRES_INITDB_ARGS says; undefined where it says nothing. */
  readonly initdb: InitdbArguments | undefined;
  /** Server parameters with the layer that each came from; the last one that Postgres would obey. */
  readonly parameters: ReadonlyMap<string, ServerParameter>;
  /** The same for each place where a script starts the server, where there are several: any of them may be the one that runs. */
  readonly alternatives: readonly ReadonlyMap<string, ServerParameter>[];
  /** The port that Postgres listens on: `-p`/`port`, PGPORT, else 5432. */
  readonly port: number;
  readonly mounts: readonly Mount[];
  /** Container-level securityContext over the pod's, as the kubelet combines them. */
  readonly security: EffectiveSecurity;
  readonly resources: EffectiveResources;
  readonly preStop: PreStopHook;
  readonly probes: {
    readonly startup: JsonObject | undefined;
    readonly liveness: JsonObject | undefined;
    readonly readiness: JsonObject | undefined;
  };
}

export type EnvironmentValue =
  /** `value`: what the container sees, `$(NAME)` replaced as far as it is known; `written`: what stands in the object. */
  | { readonly kind: 'value'; readonly value: string; readonly written: string }
  | { readonly kind: 'secret'; readonly secret: string; readonly key: string; readonly optional: boolean }
  | { readonly kind: 'other'; readonly valueFrom: JsonObject };

/** How the container comes to run `postgres`. */
export type StartForm =
  /** No command: the image's entrypoint, with `args` or the image's own CMD. */
  | { readonly kind: 'entrypoint' }
  /** command names the entrypoint or `postgres` itself; args may be appended to. `bypassesEntrypoint` where it is `postgres`. */
  | { readonly kind: 'direct'; readonly bypassesEntrypoint: boolean; readonly waiting: Waiting | undefined }
  /** `sh -c …`; args cannot be appended. */
  | {
      readonly kind: 'shell';
      readonly script: string;
      /** What the image's `sh` has to be for the server to take its place: all of them where the script says `exec`. */
      readonly replacesUnder: readonly Sh[];
      /** `su` stays in front, whatever the shells do. */
      readonly waiting: Waiting | undefined;
      /** Why the script could not be read; then nothing is known of what it starts. */
      readonly problem: string | undefined;
      /** A server is among what it starts. */
      readonly startsServer: boolean;
      /** One of them past the image's entrypoint. */
      readonly bypassesEntrypoint: boolean;
      /** What it starts, where no server is among it. */
      readonly runs: string | undefined;
    }
  | { readonly kind: 'other'; readonly program: string };

/** A server parameter; `name` is lower case with `_`, `value` as written. */
export interface ServerParameter {
  readonly name: string;
  readonly value: string;
  /** Where it was said: an argument (`-c x=y`, `-cx=y`, `--x=y`, `-D`, …), the `parameters` annotation, PGPORT, POSTGRES_INITDB_ARGS. */
  readonly from: 'args' | 'command' | 'parameters-annotation' | 'environment' | 'initdb';
  /** Index of the argument in command + args, for messages; undefined for the other sources. */
  readonly argument: number | undefined;
}

export interface Mount {
  readonly name: string;
  /** Normalised: absolute, without a slash at the end. */
  readonly mountPath: string;
  readonly subPath: string | undefined;
  readonly subPathExpr: string | undefined;
  /** For the container: `readOnly` of the mount, or of the persistentVolumeClaim of the volume, either of which suffices. */
  readonly readOnly: boolean;
  readonly source: VolumeSource;
}

export type VolumeSource =
  | {
      readonly kind: 'claim-template';
      readonly template: JsonObject;
      readonly accessModes: readonly string[];
      readonly storage: string | undefined;
      readonly storageClass: string | undefined;
    }
  | { readonly kind: 'claim'; readonly claimName: string }
  | { readonly kind: 'emptyDir'; readonly medium: string | undefined }
  | { readonly kind: 'hostPath'; readonly path: string }
  | { readonly kind: 'ephemeral' }
  | { readonly kind: 'nfs'; readonly server: string; readonly path: string }
  | { readonly kind: 'configMap' | 'secret' | 'projected' | 'downwardAPI' }
  /** CSI in-line, image, cloud disks …; `type` is the key in the volume. */
  | { readonly kind: 'other'; readonly type: string }
  | { readonly kind: 'undefined' };

/** Where PGDATA is, who said so, and what lies under it. */
export interface DataDirectory {
  /** Absolute, normalised. */
  readonly path: string;
  readonly from: 'data-directory-annotation' | 'PGDATA' | 'arguments' | 'image-family';
  /** The mount that covers `path` (the longest mountPath that is a prefix of it); undefined where none does. */
  readonly mount: Mount | undefined;
  /** `path` is the mount's own root. */
  readonly atMountRoot: boolean;
  /**
   * The image declares a VOLUME between the mount and PGDATA, so the runtime puts a throw-away directory there and the
   * claim is shadowed (docker-library/postgres#1259; check `pre18-parent-mount`).
   */
  readonly shadowedByImageVolume: boolean;
  /**
   * The image tells no major version (`latest`), and the mount is where the images of 18 and newer have their volume: `path` is a guess
   * (docker-library/postgres#1259).
   */
  readonly ofAnyMajor: boolean;
}

/** A place for the WAL outside PGDATA, which initdb links to from PGDATA/pg_wal. */
export interface WalDirectory {
  /** Absolute, normalised. */
  readonly path: string;
  /** Who said so. */
  readonly variable: 'POSTGRES_INITDB_WALDIR' | 'POSTGRES_INITDB_ARGS';
  /** The mount that covers `path`; undefined where none does. */
  readonly mount: Mount | undefined;
}

export interface EffectiveSecurity {
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  readonly runAsNonRoot: boolean;
  readonly fsGroup: number | undefined;
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  /** Container-level securityContext, raw. */
  readonly container: JsonObject;
  /** Pod-level securityContext, raw. */
  readonly pod: JsonObject;
}

/** Of the container and its pod together. */
export interface EffectiveResources {
  /** The container's `resources`, raw. */
  readonly own: JsonObject;
  /** The pod's `resources`, raw. */
  readonly pod: JsonObject;
  /** What the pod has a limit or a request for: `cpu`, `memory`, `hugepages-2Mi` … */
  readonly podSays: ReadonlySet<string>;
  /** In bytes, the lower of container and pod; undefined where neither has one. */
  readonly memoryLimit: number | undefined;
  /** In bytes, of all sizes of pages. */
  readonly hugePages: number;
  readonly asksForHugePages: boolean;
  /** The container for itself would make its pod Guaranteed. */
  readonly isGuaranteed: boolean;
}

export type PreStopHook =
  | { readonly kind: 'none' }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
  /** httpGet, sleep, tcpSocket: cannot be kept and run first. */
  | { readonly kind: 'other'; readonly form: string };
