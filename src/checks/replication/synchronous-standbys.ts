import type { PostgresWorkload } from '../../workload/postgres-workload.ts';
import { fileParameters } from '../../workload/configuration-file.ts';
import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { joined, noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { annotationField, containerField, parameterField } from '../field-path.ts';
import { printable, quoted } from '../shown-text.ts';

const name = 'synchronous_standby_names';

/**
 * Fields: postgres.io/synchronous, spec.replicas (by `kubectl scale` too); synchronous_standby_names in command and args, in postgres.io/parameters
 * and in a postgresql.conf of a ConfigMap beside the set.
 * Allowed: fewer than replicas, since one of these is the primary; synchronous_standby_names left to the agent, which sets it.
 */
export const synchronousStandbys: Check = {
  id: 'synchronous-standbys',
  severity: 'deny',
  summary: 'postgres.io/synchronous cannot hold in this set.',
  because:
    'Commits wait for standbys that there are not, so that all writing stands still; or an argument of the server wins over what the setting asks for, and commits wait for others, or for nobody.',
  instead: 'A number below `replicas`, and no `synchronous_standby_names` beside it.',
  examine(workload, { facts }) {
    const { synchronous } = workload.settings.values;
    return synchronous === 0 ? noObservations : joined(tooMany(workload, synchronous), setByHand(workload, facts));
  },
};

function tooMany({ replicas }: PostgresWorkload, wanted: number): readonly Observation[] {
  // A set without pods has no commits.
  if (replicas === 0 || wanted < replicas) return noObservations;
  const fewer = replicas === 1 ? '' : `postgres.io/synchronous: "${replicas - 1}", or `;
  return [
    {
      field: annotationField('postgres.io/synchronous'),
      message: `commits are to wait for ${wanted} ${wanted === 1 ? 'standby' : 'standbys'}, and a set of ${replicas} has ${replicas - 1}; wanted fewer than replicas. Write ${fewer}replicas: ${wanted + 1} or more.`,
    },
  ];
}

function setByHand(workload: PostgresWorkload, facts: ClusterFacts): readonly Observation[] {
  const { server } = workload;
  if (server === undefined) return noObservations;
  const wanted = 'wanted it left to postgres.io/synchronous';
  const parameter = server.parameters.get(name);
  if (parameter !== undefined) {
    return [
      {
        field: parameterField(server, parameter),
        message: `${name} is ${quoted(parameter.value)}; ${wanted}. Remove it.`,
      },
    ];
  }
  const said = fileParameters(workload, facts).get(name);
  return said === undefined || said.value.trim() === ''
    ? noObservations
    : [
        {
          field: containerField(server.name, 'volumeMounts'),
          message: `${name} is ${quoted(said.value)} in ${quoted(said.file.key)} of ConfigMap ${quoted(printable(said.file.configMap))}; ${wanted}. Remove it there.`,
        },
      ];
}
