import type { ClusterFacts, FactsOf, LookedUp, WhyUnknown } from './cluster-facts.ts';
import { objectAt, textAt } from './json.ts';
import type { JsonObject } from './json.ts';
import { configMapSource, factSources, persistentVolumeSource } from './read-facts.ts';
import type { FactSource } from './read-facts.ts';

/** Facts of one kind, for whoever keeps them up to date. Of an object nothing is kept but the fact in it. */
export class FactTable<T extends { readonly name: string }> implements FactsOf<T> {
  readonly source: FactSource<T>;
  readonly #namespaces = new Map<string, Map<string, T>>();
  readonly #changes = new Map<string, number>();
  #allChanges = 0;
  #gap: WhyUnknown | undefined;

  constructor(source: FactSource<T>, gap: WhyUnknown | undefined) {
    this.source = source;
    this.#gap = gap;
  }

  get gap(): WhyUnknown | undefined {
    return this.#gap;
  }

  setGap(gap: WhyUnknown | undefined): void {
    if (gap === this.#gap) return;
    this.#gap = gap;
    this.#allChanges += 1;
  }

  /** `namespace`: of objects that name none, as in a file. */
  put(object: JsonObject, namespace = ''): void {
    this.#put(this.#placeOf(object, namespace), this.source.read(object));
  }

  #put(place: string, fact: T): void {
    const known = this.#namespaces.get(place) ?? new Map<string, T>();
    const earlier = known.get(fact.name);
    // A status that moves many times a minute is no change of what is kept.
    if (earlier !== undefined && JSON.stringify(earlier) === JSON.stringify(fact)) return;
    known.set(fact.name, fact);
    this.#namespaces.set(place, known);
    this.#changed(place);
  }

  remove(object: JsonObject): void {
    this.#remove(this.#placeOf(object, ''), this.source.read(object).name);
  }

  /** What is not among these is gone. */
  replace(objects: readonly JsonObject[]): void {
    const read = objects.map((object) => ({ place: this.#placeOf(object, ''), fact: this.source.read(object) }));
    const there = new Set(read.map(({ place, fact }) => `${place}/${fact.name}`));
    for (const [namespace, known] of [...this.#namespaces]) {
      for (const name of [...known.keys()]) if (!there.has(`${namespace}/${name}`)) this.#remove(namespace, name);
    }
    for (const { place, fact } of read) this.#put(place, fact);
  }

  find(namespace: string, name: string): LookedUp<T> {
    const fact = this.#namespaces.get(namespace)?.get(name);
    if (fact !== undefined) return { kind: 'present', fact };
    return this.#gap === undefined ? { kind: 'absent' } : { kind: 'unknown', why: this.#gap };
  }

  within(namespace: string): readonly T[] {
    const known = this.#namespaces.get(namespace);
    return known === undefined ? [] : [...known.values()];
  }

  revision(namespace: string): number {
    const own = this.#changes.get(this.source.isNamespaced ? namespace : '') ?? 0;
    return this.#allChanges + own;
  }

  #placeOf(object: JsonObject, namespace: string): string {
    return this.source.isNamespaced ? (textAt(objectAt(object, 'metadata'), 'namespace') ?? namespace) : '';
  }

  #remove(namespace: string, name: string): void {
    const known = this.#namespaces.get(namespace);
    if (known?.delete(name) !== true) return;
    if (known.size === 0) this.#namespaces.delete(namespace);
    this.#changed(namespace);
  }

  #changed(namespace: string): void {
    this.#changes.set(namespace, (this.#changes.get(namespace) ?? 0) + 1);
  }
}

/** The tables of all kinds, empty. */
export function factTables(gap: WhyUnknown | undefined) {
  return {
    claims: new FactTable(factSources.claims, gap),
    storageClasses: new FactTable(factSources.storageClasses, gap),
    secrets: new FactTable(factSources.secrets, gap),
    services: new FactTable(factSources.services, gap),
    disruptionBudgets: new FactTable(factSources.disruptionBudgets, gap),
    autoscalers: new FactTable(factSources.autoscalers, gap),
    statefulSets: new FactTable(factSources.statefulSets, gap),
    networkPolicies: new FactTable(factSources.networkPolicies, gap),
    limitRanges: new FactTable(factSources.limitRanges, gap),
    quotas: new FactTable(factSources.quotas, gap),
    configMaps: new FactTable(configMapSource, 'not-asked'),
    persistentVolumes: new FactTable(persistentVolumeSource, 'not-asked'),
  } satisfies ClusterFacts;
}

export type FactTables = ReturnType<typeof factTables>;

/** Where there is no cluster, and no other object to look at. */
export const noFacts: ClusterFacts = factTables('not-asked');
