import { textsAt } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer, ServerParameter } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Observation } from '../check.ts';
import { parameterField } from '../field-path.ts';
import { quoted } from '../shown-text.ts';

/** One observation where the server is started with `name` set to a value that is unsafe. */
export function unsafeParameter(
  { server }: PostgresWorkload,
  name: string,
  isUnsafe: (value: string) => boolean,
  wanted: string,
): readonly Observation[] {
  const parameter = server?.parameters.get(name);
  if (server === undefined || parameter === undefined || !isUnsafe(parameter.value)) return noObservations;
  return [
    {
      field: parameterField(server, parameter),
      message: `${name} is ${quoted(parameter.value)}${switchOf(server, parameter)}; wanted ${wanted}. Remove it.`,
    },
  ];
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
