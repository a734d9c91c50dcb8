import type { ClusterFacts } from '../../workload/cluster-facts.ts';
import { fileParameters } from '../../workload/configuration-file.ts';
import { textsAt } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Observation } from '../check.ts';
import { containerField, parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** One observation where the server is started with `name` set to a value that is unsafe. */
export function unsafeParameter(
  workload: PostgresWorkload,
  name: string,
  isUnsafe: (value: string) => boolean,
  wanted: string,
  facts: ClusterFacts,
): readonly Observation[] {
  const { server } = workload;
  if (server === undefined) return noObservations;
  if (!server.parameters.has(name)) return inFile(workload, name, isUnsafe, wanted, facts);
  const parameter = unsafeOf(server, name, isUnsafe);
  if (parameter === undefined) return noObservations;
  return [
    {
      field: parameterField(server, parameter),
      message: `${name} is ${quoted(parameter.value)}${switchOf(server, parameter)}; wanted ${wanted}. Remove it.`,
    },
  ];
}

/** Of a postgresql.conf that a ConfigMap beside the set puts there. */
function inFile(
  workload: PostgresWorkload,
  name: string,
  isUnsafe: (value: string) => boolean,
  wanted: string,
  facts: ClusterFacts,
): readonly Observation[] {
  const said = fileParameters(workload, facts).get(name);
  if (workload.server === undefined || said === undefined || !isUnsafe(said.value)) return noObservations;
  const { configMap, key } = said.file;
  return [
    {
      field: containerField(workload.server.name, 'volumeMounts'),
      message: `${name} is ${quoted(said.value)} in ${quoted(key)} of ConfigMap ${quoted(configMap)}; wanted ${wanted}. Remove it there.`,
    },
  ];
}

/** Of several starts in a script any may be the one that runs. */
function unsafeOf(
  { parameters, alternatives }: ServerContainer,
  name: string,
  isUnsafe: (value: string) => boolean,
): ServerParameter | undefined {
  return [parameters, ...alternatives]
    .map((those) => those.get(name))
    .find((parameter) => parameter !== undefined && isUnsafe(parameter.value));
}

/** `-F` does not say by itself that it is fsync. */
function switchOf({ container }: ServerContainer, { argument }: ServerParameter): string {
  const words = [...textsAt(container, 'command'), ...textsAt(container, 'args')];
  const word = argument === undefined ? undefined : words[argument];
  return word !== undefined && /^-[A-Za-z]+$/.test(word) && word !== '-c' ? `, by ${quoted(word)}` : '';
}

/** parse_bool: any beginning of true, false, yes, no; on, off and its `of`; 1, 0; in any case. */
export function isOff(value: string): boolean {
  const text = value.trim().toLowerCase();
  return text === '0' || text === 'of' || text === 'off' || isStartOf(text, 'false') || isStartOf(text, 'no');
}

export function isOn(value: string): boolean {
  const text = value.trim().toLowerCase();
  return text === '1' || text === 'on' || isStartOf(text, 'true') || isStartOf(text, 'yes');
}

function isStartOf(text: string, word: string): boolean {
  return text !== '' && word.startsWith(text);
}
