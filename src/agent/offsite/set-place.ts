import type { Place, Trouble } from '../../store/place.ts';

/** What was asked of a place, for the metrics. */
export type Operation = 'read' | 'list' | 'put' | 'delete';
export type Outcome = 'done' | 'absent' | 'conflict' | Trouble['outcome'];
export type CountRequest = (operation: Operation, outcome: Outcome) => void;

/** Keys are below the folder of one set: as in the claim. */
export type SetPlace = Place;

/** The folder of a set below the prefix of the address. Namespace and name are in it, so that no two sets of a cluster share one. */
export function folderOfSet(owner: { readonly namespace: string; readonly set: string }): string {
  return `${owner.namespace}/${owner.set}/`;
}

/** @param folder ends in a slash. */
export function setPlace(place: Place, folder: string, count: CountRequest): SetPlace {
  return {
    name: `${place.name} (${folder.slice(0, -1)})`,
    read: async (key, range, signal) => {
      const answer = await place.read(`${folder}${key}`, range, signal);
      count('read', answer.outcome === 'found' ? 'done' : answer.outcome);
      return answer;
    },
    list: async (prefix, signal) => {
      const answer = await place.list(`${folder}${prefix}`, signal);
      count('list', answer.outcome === 'listed' ? 'done' : answer.outcome);
      return answer.outcome === 'listed'
        ? {
            outcome: 'listed',
            objects: answer.objects.map((object) => ({ ...object, key: object.key.slice(folder.length) })),
          }
        : answer;
    },
    putIfAbsent: async (key, bytes, signal) => {
      const answer = await place.putIfAbsent(`${folder}${key}`, bytes, signal);
      count('put', answer.outcome === 'stored' ? 'done' : answer.outcome === 'exists' ? 'conflict' : answer.outcome);
      return answer;
    },
    replaceIfUnchanged: async (key, bytes, version, signal) => {
      const answer = await place.replaceIfUnchanged(`${folder}${key}`, bytes, version, signal);
      count('put', answer.outcome === 'stored' ? 'done' : answer.outcome === 'changed' ? 'conflict' : answer.outcome);
      return answer;
    },
    putStream: async (key, bytes, signal) => {
      const answer = await place.putStream(`${folder}${key}`, bytes, signal);
      count('put', answer.outcome === 'stored' ? 'done' : answer.outcome);
      return answer;
    },
    delete: async (key, signal) => {
      const answer = await place.delete(`${folder}${key}`, signal);
      count('delete', answer.outcome === 'deleted' ? 'done' : answer.outcome);
      return answer;
    },
    probe: (signal) => place.probe(signal),
    close: () => {
      place.close();
    },
  };
}
