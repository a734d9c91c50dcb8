import type { Destination, Source } from '../engines/engine.ts';
import type { ReplacedEnv } from '../plan/plan.ts';
import type { JsonObject } from '../workload/json.ts';
import type { Mount, PostgresWorkload, ServerContainer } from '../workload/postgres-workload.ts';
import type { SettingValues } from '../workload/settings.ts';
import type { AgentParts } from './agent-container.ts';
import type { ContainerIdentity } from './container-identity.ts';
import type { DataDirectoryChange } from './data-directory.ts';

/** What is known before anything is rendered. `server` is there: without one nothing is. */
export interface RenderFacts {
  readonly workload: PostgresWorkload;
  readonly settings: SettingValues;
  readonly server: ServerContainer;
  /** The mount that covers PGDATA; without one the agent has nothing to look after. */
  readonly dataMount: Mount | undefined;
  /** Where PGDATA will be after the injections, and what that takes. */
  readonly dataDirectory: DataDirectoryChange;
  /** CREATE may add claim templates and move PGDATA; UPDATE never does. */
  readonly operation: 'CREATE' | 'UPDATE';
  /** Where backups go; `none` with the reason where there is nowhere. */
  readonly destination: Destination;
  /** Another set's backups to start from; undefined: the set's own. */
  readonly source: Source | undefined;
  /** Claim templates that stand in the object from an earlier render; they can be neither changed nor taken away. */
  readonly injectedClaimTemplates: readonly JsonObject[];
  /** Whom the injected containers run as. */
  readonly identity: ContainerIdentity;
}

/** What an injection may look at: the facts, and what several injections need the same of. */
export interface InjectionContext extends RenderFacts {
  /** undefined: no volume covers PGDATA. */
  readonly agent: AgentParts | undefined;
  /** Server settings that are added. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  /** The same as `-c name=value`, for a command line that the kubelet expands. */
  readonly parameterArguments: readonly string[];
}

/** What one injection adds; `plan/combine.ts` joins them, and two claims on one name are an error. */
export interface Contribution {
  readonly initContainers?: readonly JsonObject[];
  readonly volumes?: readonly JsonObject[];
  readonly claimTemplates?: readonly JsonObject[];
  readonly server?: {
    readonly env?: readonly JsonObject[];
    readonly replacedEnv?: readonly ReplacedEnv[];
    readonly volumeMounts?: readonly JsonObject[];
    readonly args?: readonly string[];
    readonly ports?: readonly JsonObject[];
    readonly startupProbe?: JsonObject;
    readonly readinessProbe?: JsonObject;
    readonly preStop?: readonly string[];
  };
  readonly graceSeconds?: number;
  /** Why, one sentence without full stop. */
  readonly reason: string;
}

export interface Skip {
  readonly skipped: string;
}

export interface Injection {
  /** = file name. */
  readonly id: string;
  readonly summary: string;
  readonly contribute: (context: InjectionContext) => Contribution | Skip;
}
