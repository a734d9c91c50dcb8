import type { EngineContext } from '../engines/engine.ts';
import { engineNamed } from '../engines/registry.ts';
import { combine } from '../plan/combine.ts';
import type { Plan, ReasonedPlan } from '../plan/plan.ts';
import type { PostgresWorkload } from '../workload/postgres-workload.ts';
import { agentParts } from './agent-container.ts';
import { containerIdentity } from './container-identity.ts';
import { dataDirectoryChange } from './data-directory.ts';
import type { InjectionContext, RenderFacts } from './injection.ts';
import { injections } from './registry.ts';
import { addedParameters, parameterArguments } from './server-arguments.ts';

/**
 * What pgusher adds to this StatefulSet. The same workload gives the same plan: neither time nor chance nor the number of
 * replicas is in it, so that scaling restarts nothing.
 *
 * `injected` is what stands in the object from an earlier render, on UPDATE: its claim templates and its PGDATA cannot be
 * changed any more, and the new parts must agree with them. Throws where there is no server container or its image is
 * left alone; the caller asks first.
 */
export function renderPlan(workload: PostgresWorkload, operation: 'CREATE' | 'UPDATE', injected?: Plan): ReasonedPlan {
  const facts = renderFacts(workload, operation, injected);
  const { dataMount } = facts;
  const parameters = addedParameters(facts);
  const context: InjectionContext = {
    ...facts,
    agent: dataMount === undefined ? undefined : agentParts(facts, dataMount),
    parameters,
    parameterArguments: parameterArguments(parameters),
  };
  const contributions = injections.map(({ id, contribute }) => ({ id, contribution: contribute(context) }));
  return combine(contributions, context.server.name);
}

function renderFacts(
  workload: PostgresWorkload,
  operation: 'CREATE' | 'UPDATE',
  injected: Plan | undefined,
): RenderFacts {
  const { server } = workload;
  if (server === undefined)
    throw new Error(`No Postgres container is known in ${workload.namespace}/${workload.name}.`);
  if (server.family.treatment !== 'managed') {
    throw new Error(`Image family ${server.family.id} of ${workload.namespace}/${workload.name} is left alone.`);
  }
  const settings = workload.settings.values;
  const injectedClaimTemplates = operation === 'UPDATE' ? (injected?.claimTemplates ?? []) : [];
  const engineContext: EngineContext = { workload, server, operation, injectedClaimTemplates };
  const engine = engineNamed(settings.backupEngine);
  const destination = engine.destination(engineContext);
  return {
    workload,
    settings,
    server,
    dataMount: server.data.mount,
    dataDirectory: dataDirectoryChange(server, operation, injected),
    operation,
    destination,
    source: engine.source(engineContext, destination),
    injectedClaimTemplates,
    identity: containerIdentity(server, settings),
  };
}
