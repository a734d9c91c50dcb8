import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Finding } from '../../src/checks/check.ts';
import { fieldSteps } from '../../src/manifests/field-steps.ts';
import { isList, isObject, objectAt } from '../../src/workload/json.ts';
import type { Json, JsonObject } from '../../src/workload/json.ts';
import { checkFixtures, judge, workloadOf } from './check-fixture.ts';
import type { CheckFixture } from './check-fixture.ts';

/**
 * Advice that is followed to the letter helps: what a message says to write, to remove or to put back is done to the fixture, and the
 * check has nothing to say of that field any more.
 */

type Followed = (fixture: CheckFixture, finding: Finding) => JsonObject | undefined;

/** What a reader puts in the place of `<…>`. */
const placeholders: Readonly<Record<string, string>> = {
  '<free port>': '9187',
  '<claim>': 'orders-elsewhere',
  '<secret>': 'orders-store',
  '<container>': 'web',
  '<host>:5432': 'other-0.other.shop:5432',
  '<Secret with username and password>': 'orders-replication',
  '<path>': '/var/lib/postgresql/data/pgdata',
  '<why this is safe here>': 'agreed',
  '<reason>': 'agreed',
};

function filled(text: string): string {
  return Object.entries(placeholders).reduce((line, [place, value]) => line.replaceAll(place, value), text);
}

/** `Write postgres.io/backup-keep: "7"`, also behind "or". */
const writesAnnotation: Followed = ({ after }, { message }) => {
  const [, name = '', value = ''] =
    /(?:Write|write|Name it:|or) (postgres\.io\/[a-z-]+): ("[^"]*"|<[^>]*>(?::\d+)?)/.exec(message) ?? [];
  if (name === '') return undefined;
  // An escape leaves a warning, so that it is tried by test/checks/let-through.test.ts.
  if (name.startsWith('postgres.io/allow-')) return undefined;
  if (name === 'postgres.io/managed') return changed(after.object, ['metadata', 'labels'], () => ({ [name]: 'true' }));
  return withAnnotation(after.object, name, filled(value).replaceAll('"', ''));
};

/** `Write whenDeleted: Retain`: a key beside the field, or the field itself. */
const writesField: Followed = ({ after }, { message, field }) => {
  const [, key = '', value = ''] = /Write ([a-zA-Z]+): ([^.,{[ ]+|\[[^\]]*\])(?:[.,]|$)/.exec(message) ?? [];
  // What is to be written in another object is none of the set's.
  if (key === '' || value.includes('<') || /^Service /.test(message)) return undefined;
  const steps = fieldSteps(field);
  const place = steps.at(-1) === key ? steps.slice(0, -1) : steps;
  const written = parse(value) as Json;
  return changed(after.object, place, (parent) => (isObject(parent) ? { ...parent, [key]: written } : parent));
};

/** A message that ends in "Remove it.": the field, or among arguments the parameter that it begins with. */
const removesField: Followed = ({ after }, { message, field }) => {
  if (!/(?:\. |, or )[Rr]emove it[.,]/.test(message)) return undefined;
  const [parameter = ''] = /(?<=by ")-[A-Za-z]+(?=")/.exec(message) ?? message.split(' ');
  const steps = fieldSteps(field);
  const last = steps.at(-1) ?? '';
  if (last === 'args') {
    const object = changed(after.object, steps, (args) => (isList(args) ? withoutParameter(args, parameter) : args));
    // Said by a switch that has a value, or in a script.
    return JSON.stringify(object) === JSON.stringify(after.object) ? undefined : object;
  }
  if (last === 'postgres.io/parameters' || last === 'command') return undefined;
  if (last === 'value') return removed(after.object, steps.slice(0, -1));
  return removed(after.object, steps);
};

/** "Put the image back.", "Put it back": as it was before. */
const putsBack: Followed = ({ before }, { message }) => {
  return before !== undefined && /\bPut (?:it|the [a-z]+|[A-Z][A-Za-z, ]+) back\b/.test(message)
    ? before.object
    : undefined;
};

const followed = checkFixtures().flatMap((fixture) =>
  judge(fixture)
    .filter(({ check, message }) => check === fixture.check && !/^(?:allowed by|was so before)/.test(message))
    .flatMap((finding) =>
      Object.entries({ writesAnnotation, writesField, removesField, putsBack }).flatMap(([way, follow]) => {
        const object = follow(fixture, finding);
        return object === undefined
          ? []
          : [{ way, fixture, finding, object, title: `${fixture.check} ${fixture.name}` }];
      }),
    ),
);

test('most messages can be followed by a machine', () => {
  expect(followed.length).toBeGreaterThan(90);
  expect(new Set(followed.map(({ fixture }) => fixture.check)).size).toBeGreaterThan(50);
});

test.each(followed)('$title: $way, and it helps', ({ fixture, finding, object }) => {
  const { before, facts, policy } = fixture;
  const left = judge({ after: workloadOf(object), before, facts, policy }).filter(
    ({ check, field, message }) => check === finding.check && field === finding.field && message === finding.message,
  );
  expect(left).toEqual([]);
});

function withAnnotation(object: JsonObject, name: string, value: string): JsonObject {
  const metadata = objectAt(object, 'metadata');
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...objectAt(metadata, 'annotations'), [name]: value } },
  };
}

function withoutParameter(args: readonly Json[], parameter: string): Json[] {
  const index = args.findIndex((word) => {
    if (typeof word !== 'string') return false;
    // PostgreSQL takes `--data-sync-retry=on` too, and names in any case.
    return word === parameter || word.toLowerCase().replaceAll('-', '_').includes(`${parameter}=`);
  });
  const isPair = args[index - 1] === '-c';
  return args.filter((_, place) => place !== index && !(isPair && place === index - 1));
}

/** The object with another value at the steps; what is not there is made. */
function changed(value: Json, [step, ...rest]: readonly string[], edit: (value: Json) => Json): JsonObject {
  const result = changedAt(value, step === undefined ? [] : [step, ...rest], edit);
  if (!isObject(result)) throw new Error('an object stays one');
  return result;
}

function changedAt(value: Json, [step, ...rest]: readonly string[], edit: (value: Json) => Json): Json {
  if (step === undefined) return edit(value);
  if (isList(value)) return value.map((entry) => (isNamed(entry, step) ? changedAt(entry, rest, edit) : entry));
  if (!isObject(value)) return value;
  return { ...value, [step]: changedAt(value[step] ?? {}, rest, edit) };
}

function removed(object: JsonObject, steps: readonly string[]): JsonObject {
  const last = steps.at(-1) ?? '';
  return changed(object, steps.slice(0, -1), (parent) => {
    if (isList(parent)) return parent.filter((entry) => !isNamed(entry, last));
    if (!isObject(parent)) return parent;
    return Object.fromEntries(Object.entries(parent).filter(([key]) => key !== last));
  });
}

function isNamed(entry: Json, name: string): boolean {
  if (!isObject(entry)) return false;
  const { name: own, mountPath, containerPort } = entry;
  return [own, mountPath, objectAt(entry, 'metadata')['name']].includes(name) || containerPort === Number(name);
}
