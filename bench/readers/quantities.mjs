// Quantities: the product's bytes or cores, and resource.ParseQuantity.
import cases from './quantities-cases.mjs';
import { go, product, save } from './lib.mjs';

const { parseQuantity, formatQuantity } = await product('workload/quantity.ts');
const real = go('quantity', cases);
const results = cases.map((text, index) => {
  const ours = parseQuantity(text);
  const theirs = real[index];
  const value = theirs.ok ? Number(theirs.dec) : undefined;
  const near = ours !== undefined && value !== undefined && Math.abs(ours - value) <= Math.abs(value) * 1e-12;
  const kind = !theirs.ok
    ? ours === undefined
      ? 'both refuse'
      : 'product reads, real refuses'
    : ours === undefined
      ? 'product refuses, real reads'
      : near
        ? 'same'
        : 'OTHER VALUE';
  return {
    text,
    kind,
    product: ours,
    real: theirs.ok ? theirs.dec : theirs.error.slice(0, 60),
    bytes: theirs.bytes,
    canonical: theirs.canonical,
    formatted: ours === undefined || ours < 0 ? undefined : formatQuantity(ours),
  };
});
save('quantities.json', results);
const counts = {};
for (const { kind } of results) counts[kind] = (counts[kind] ?? 0) + 1;
console.log(cases.length, 'quantities', counts);
for (const r of results)
  if (r.kind !== 'same' && r.kind !== 'both refuse')
    console.log(`- ${r.kind}: ${JSON.stringify(r.text)} product ${r.product} real ${r.real} (${r.canonical ?? ''})`);
