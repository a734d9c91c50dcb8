import { mutate } from '../../src/admission/mutate.ts';
import { noPolicy } from '../../src/checks/policy.ts';
import { placeOf, titleOf } from '../../src/commands/manifest-objects.ts';
import type { ManifestObject } from '../../src/commands/manifest-objects.ts';
import { createRequest } from '../../src/commands/offline-admission.ts';
import { section } from '../../src/commands/table-text.ts';
import type { Colour } from '../../src/commands/terminal.ts';
import { noFacts } from '../../src/workload/fact-table.ts';
import { isList, isObject, objectAt, objectsAt, textAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import type { TlsAnswer } from './admit-over-tls.ts';
import { utcDay } from '../../src/utc-day.ts';

/** What became of one example, for a person. */
export function exampleText(example: ManifestObject, answer: TlsAnswer, colour: Colour): string {
  const title = `${colour('bold', titleOf(example))}  ${colour('dim', placeOf(example))}\n`;
  if (!answer.isAllowed) return `${title}${colour('red', 'refused')}\n${indent(answer.messages.join('\n'))}`;
  const took = `${answer.operations.length} changes, answered twice over TLS in ${answer.milliseconds.toFixed(1)} ms`;
  const warnings = answer.messages.map((message) => `${colour('yellow', 'warning')} ${message}\n`).join('');
  return `${title}${colour('green', 'injected')} (${took})\n${warnings}${section('What', whatRows(example.object, answer), colour)}${section('Why', whyRows(example), colour)}`;
}

function whatRows(before: JsonObject, { object, operations }: TlsAnswer): readonly (readonly string[])[] {
  const pod = (set: JsonObject): JsonObject => objectAt(objectAt(objectAt(set, 'spec'), 'template'), 'spec');
  const added = (parent: (set: JsonObject) => JsonObject, key: string): readonly string[] => {
    const earlier = new Set(namesAt(parent(before), key));
    return namesAt(parent(object), key).filter((name) => !earlier.has(name));
  };
  const rows = [
    ['containers', added(pod, 'initContainers')],
    ['volumes', added(pod, 'volumes')],
    ['claim templates', added((set) => objectAt(set, 'spec'), 'volumeClaimTemplates')],
    ['changed', [...new Set(operations.map(({ path }) => fieldOf(before, path)).filter(isOfTheUser))]],
  ] as const;
  return rows.filter(([, names]) => names.length > 0).map(([heading, names]) => [heading, names.join(', ')]);
}

function namesAt(parent: JsonObject, key: string): readonly string[] {
  return objectsAt(parent, key).map(
    (item) => textAt(item, 'name') ?? textAt(objectAt(item, 'metadata'), 'name') ?? '?',
  );
}

/** Our containers and volumes are listed by name, and the bookkeeping says nothing to a person. */
function isOfTheUser(field: string): boolean {
  return !/^(initContainers|volumes|volumeClaimTemplates|metadata|template\.metadata)\b/.test(field);
}

/** `/spec/template/spec/containers/0/env/-` → `containers[postgres].env`. */
function fieldOf(object: JsonObject, pointer: string): string {
  let value: Json | undefined = object;
  let text = '';
  for (const part of pointer
    .split('/')
    .slice(1)
    .map((escaped) => escaped.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (isList(value)) {
      value = value[Number(part)];
      const name = isObject(value) ? textAt(value, 'name') : undefined;
      if (name !== undefined) text += `[${name}]`;
    } else {
      value = isObject(value) ? value[part] : undefined;
      text += `.${part}`;
    }
  }
  return text.replace(/^\.(spec\.)?(template\.spec\.)?/, '');
}

/** The reasons are not on the wire: the same function gives them here. */
function whyRows(example: ManifestObject): readonly (readonly string[])[] {
  const { reasons } = mutate(createRequest(example), {
    clusterSettings: {},
    policy: noPolicy,
    withRollout: false,
    namespaceAnnotations: () => undefined,
    namespaceIsEnding: () => undefined,
    facts: noFacts,
    today: utcDay(),
  });
  return reasons.filter(({ outcome }) => outcome === 'injected').map(({ injection, text }) => [injection, text]);
}

function indent(text: string): string {
  return `${text.replaceAll(/^/gm, '  ')}\n`;
}
