import type { Listed, Trouble } from '../../place.ts';
import { readAnswer } from '../exchange.ts';
import { request, troubleOf } from '../requests.ts';
import type { Container } from './container.ts';
import { notAnswered } from './container.ts';
import type { XmlElement } from './xml.ts';
import { child, childText, readXml } from './xml.ts';

/** Names have at most a kilobyte, and there are a thousand of them. */
const largestPage = 16 * 1024 * 1024;

type Found = Listed['objects'][number];

/** All pages. What is not the whole list is trouble: to callers a key that is missing here is one that is not there. */
export async function listBlobs(
  container: Container,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Listed | Trouble> {
  const what = `LIST ${prefix === '' ? '/' : prefix}`;
  const root = container.address.prefix === '' ? '' : `${container.address.prefix}/`;
  const objects: Found[] = [];
  let marker = '';
  do {
    const from = marker;
    const page = await listPage(container, what, root + prefix, from, signal);
    if (page.outcome !== 'page') {
      return page;
    }
    for (const blob of page.blobs) {
      const found = readBlobEntry(blob);
      if (found?.key.startsWith(root + prefix) !== true) {
        return notAnswered(container, what);
      }
      // Where the account has folders of its own, they are listed too; consoles make some whose name ends in a slash.
      if (!found.folder && !found.key.endsWith('/')) {
        objects.push({ key: found.key.slice(root.length), size: found.size, modified: found.modified });
      }
    }
    if (page.next !== '' && page.next === from) {
      return {
        outcome: 'not-this-store',
        words: `${what} in ${container.name}: there are more keys, and the store does not say how to ask for them`,
      };
    }
    marker = page.next;
  } while (marker !== '');
  // With folders of its own an account lists `a/b` before `a-b`.
  objects.sort((left, right) => (left.key < right.key ? -1 : 1));
  return { outcome: 'listed', objects };
}

interface Page {
  readonly outcome: 'page';
  readonly blobs: readonly XmlElement[];
  /** Empty: the last one. */
  readonly next: string;
}

async function listPage(
  container: Container,
  what: string,
  prefix: string,
  marker: string,
  signal: AbortSignal | undefined,
): Promise<Page | Trouble> {
  const query = {
    restype: 'container',
    comp: 'list',
    maxresults: '1000',
    ...(prefix === '' ? {} : { prefix }),
    ...(marker === '' ? {} : { marker }),
  };
  const reply = await request(
    container,
    what,
    async ({ abortSignal }) => {
      const answer = await container.client.send({ method: 'GET', blob: '', query }, abortSignal);
      return readXml((await readAnswer(answer.body, largestPage)).toString());
    },
    { signal },
  );
  if (reply.outcome !== 'answered') {
    return troubleOf(reply, `${what} in ${container.name}`);
  }
  const said = reply.output;
  const blobs = child(said, 'Blobs');
  const next = childText(said, 'NextMarker');
  // An empty answer with success is not an empty store.
  return said?.name !== 'EnumerationResults' || blobs === undefined || next === undefined
    ? notAnswered(container, what)
    : { outcome: 'page', blobs: blobs.children, next };
}

function readBlobEntry(blob: XmlElement): (Found & { readonly folder: boolean }) | undefined {
  const name = child(blob, 'Name');
  const properties = child(blob, 'Properties');
  const size = Number(childText(properties, 'Content-Length') ?? Number.NaN);
  const modified = new Date(childText(properties, 'Last-Modified') ?? '');
  if (blob.name !== 'Blob' || name === undefined || Number.isNaN(size) || Number.isNaN(modified.getTime())) {
    return undefined;
  }
  const key = name.attributes.get('Encoded') === 'true' ? decoded(name.text) : name.text;
  return key === undefined
    ? undefined
    : { key, size, modified, folder: childText(properties, 'ResourceType') === 'directory' };
}

/** Of names that XML cannot hold. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
