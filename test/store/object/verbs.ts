import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { StoreLimits } from '../../../src/store/object/limits.ts';
import { storeLimits } from '../../../src/store/object/limits.ts';
import { openPlace } from '../../../src/store/object/open-place.ts';
import type { Place } from '../../../src/store/place.ts';
import { readWhole } from '../../../src/store/read-whole.ts';
import { azureDialect } from '../../support/fault-azure.ts';
import { generationOf, googleDialect } from '../../support/fault-google.ts';
import type { FaultStore } from '../../support/fault-store.ts';
import { storedObject } from '../../support/fault-store.ts';

/** All the time that an answer may need on a machine that others use, and little for trying again what fails every time. */
export const insistent: StoreLimits = { ...storeLimits, budgetMs: 300, pauseMs: 20 };
/** Where the fault is that nothing comes. */
export const hasty: StoreLimits = {
  connectMs: 400,
  idleMs: 400,
  answerMs: 400,
  bytesPerSecond: Infinity,
  budgetMs: 500,
  pauseMs: 20,
};
/** Where it goes over. */
export const patient: StoreLimits = { ...storeLimits, pauseMs: 5 };

export const credentials = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

/** Each kind of store: its fault server, and the place in it. */
export const kinds = {
  s3: { path: 's3://backups/shop/db', dialect: undefined, credentials },
  gs: {
    path: 'gs://backups/shop/db',
    dialect: googleDialect,
    credentials: { GS_ACCESS_KEY_ID: 'GOOG1E', GS_SECRET_ACCESS_KEY: 'secret' },
  },
  azblob: {
    path: 'azblob://pgusher/backups/shop/db',
    dialect: azureDialect,
    credentials: { AZURE_STORAGE_KEY: Buffer.from('a key').toString('base64') },
  },
} as const;
export type Kind = keyof typeof kinds;
export const everyKind = ['s3', 'gs', 'azblob'] as const satisfies Kind[];

export async function placeAt(origin: string, limits: StoreLimits, parameters = '', kind: Kind = 's3'): Promise<Place> {
  const plain = origin.startsWith('http://') ? '&plain-http=allowed' : '';
  const { path, credentials: keys } = kinds[kind];
  return openPlace(`${path}?endpoint=${origin}${plain}${parameters}`, { ...keys }, limits);
}

const bytes = randomBytes(300_000);
/** What is in the store before each verb, at `a/b`. */
export const stored = storedObject(bytes, {});
export const large = randomBytes(6 * 1024 * 1024);

export const verbs = {
  read: async (place: Place) => {
    const read = await readWhole(place, 'a/b');
    return read.outcome === 'found' && !read.bytes.equals(bytes) ? { outcome: 'other bytes' } : read;
  },
  list: (place: Place) => place.list('a/'),
  putIfAbsent: (place: Place) => place.putIfAbsent('a/new', Buffer.from('new')),
  replace: (place: Place) => place.replaceIfUnchanged('a/b', Buffer.from('newer'), versionIn(place)),
  put: (place: Place) => place.putStream('a/stream', Readable.from([Buffer.from('a stream')])),
  upload: (place: Place) => place.putStream('a/large', Readable.from([large])),
  delete: (place: Place) => place.delete('a/b'),
  probe: (place: Place) => place.probe(),
} as const;
export type Verb = keyof typeof verbs;

/** Of what is at `a/b`: its ETag, and with Google its generation. */
function versionIn(place: Place): string {
  return place.name.startsWith('gs://') ? `"${generationOf(bytes)}"` : stored.etag;
}

/** `denied rights` of `{ outcome: 'denied', why: 'rights', … }`. */
export function told(answer: { readonly outcome: string; readonly why?: string }): string {
  return answer.why === undefined ? answer.outcome : `${answer.outcome} ${answer.why}`;
}

export function refill(store: FaultStore | undefined): void {
  if (store !== undefined) {
    store.objects.clear();
    store.objects.set('shop/db/a/b', store.makeObject(bytes, {}));
    store.asked.length = 0;
  }
}
