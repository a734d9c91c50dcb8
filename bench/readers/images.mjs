// Image references: the product's parts, and the kubelet's (distribution/reference).
import cases from './images-cases.mjs';
import { go, product, save } from './lib.mjs';

const { parseImageReference } = await product('workload/image-reference.ts');
const { familyOf } = await product('workload/image-family.ts');
const { readImageVersion } = await product('workload/image-version.ts');
const real = go('image', cases);
const results = cases.map((text, index) => {
  const ours = parseImageReference(text);
  const theirs = real[index];
  // The kubelet adds Docker's registry and library/.
  const domain = ours?.registry ?? 'docker.io';
  const normal =
    ours === undefined
      ? undefined
      : {
          domain: domain === 'index.docker.io' ? 'docker.io' : domain,
          path:
            (domain === 'docker.io' || domain === 'index.docker.io') && !ours.repository.includes('/')
              ? `library/${ours.repository}`
              : ours.repository,
          tag: ours.tag,
          digest: ours.digest,
        };
  const same =
    theirs.ok &&
    normal !== undefined &&
    ['domain', 'path', 'tag', 'digest'].every((key) => normal[key] === theirs[key]);
  const kind = !theirs.ok
    ? ours === undefined
      ? 'both refuse'
      : 'product reads, real refuses'
    : ours === undefined
      ? 'product refuses, real reads'
      : same
        ? 'same'
        : 'OTHER PARTS';
  return {
    text,
    kind,
    product: normal,
    family: familyOf(ours).id,
    version: readImageVersion(ours, familyOf(ours)),
    real: theirs.ok
      ? { domain: theirs.domain, path: theirs.path, tag: theirs.tag, digest: theirs.digest }
      : theirs.error,
  };
});
save('images.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'references', counts);
for (const r of results)
  if (r.kind !== 'same' && r.kind !== 'both refuse')
    console.log(
      `- ${r.kind}: ${JSON.stringify(r.text).slice(0, 100)}\n    product ${JSON.stringify(r.product)?.slice(0, 150)} (${r.family})\n    real ${JSON.stringify(r.real).slice(0, 150)}`,
    );
