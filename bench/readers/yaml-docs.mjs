// YAML: what `pgusher check` reads from a file, and what kubectl sends.
import cases from './yaml-docs-cases.mjs';
import { go, product, save } from './lib.mjs';

const { readManifests } = await product('manifests/read-manifests.ts');
const real = go(
  'yaml',
  cases.map(({ text }) => text),
);

/** JSON text in which keys are sorted and numbers are as exact as both sides have them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (JSON.isRawJSON(value)) return String(BigInt(value.rawJSON));
  if (typeof value === 'object' && value !== null)
    return `{${Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
      .join(',')}}`;
  return typeof value === 'number' && Object.is(value, -0) ? '0' : JSON.stringify(value);
}
const exact = (text) =>
  JSON.parse(text, (_key, value, { source } = {}) =>
    typeof value === 'number' && /^-?\d{16,}$/.test(source) ? JSON.rawJSON(source) : value,
  );

const results = cases.map(({ id, text }, index) => {
  const kubectl = real[index];
  const read = readManifests(text, 'last');
  const theirs = kubectl.ok ? kubectl.documents.map((document) => canonical(exact(document))) : undefined;
  const ours =
    read.kind === 'read'
      ? read.documents
          .map(({ value }) => value)
          .filter((value) => value !== null)
          .map(canonical)
      : undefined;
  const kind =
    theirs === undefined
      ? ours === undefined
        ? 'both refuse'
        : 'product reads, kubectl refuses'
      : ours === undefined
        ? 'product refuses, kubectl reads'
        : JSON.stringify(ours) === JSON.stringify(theirs)
          ? 'same'
          : 'OTHER VALUE';
  return {
    id,
    text,
    kind,
    product: ours?.join(' ; ') ?? `${read.line}:${read.column} ${read.message}`,
    kubectl: theirs?.join(' ; ') ?? kubectl.error,
    strict: kubectl.strict,
  };
});
save('yaml-docs.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'documents', counts);
for (const { id, kind, product: ours, kubectl } of results)
  if (kind !== 'same' && kind !== 'both refuse')
    console.log(
      `- ${kind}: ${id}\n    product ${String(ours).slice(0, 160)}\n    kubectl ${String(kubectl).slice(0, 160)}`,
    );
