import type { SetStatus } from '../status/set-status.ts';
import { markup } from './markup.ts';
import type { Markup } from './markup.ts';
import { placeOn } from './time-axis.ts';
import type { TimeAxis } from './time-axis.ts';

const [width, height] = [240, 14];

/** A window that ends this long ago has an end of its own; a second or ten are the way from the server to the page. */
const behind = 120_000;

/** The span of time that a set can be restored to, as a bar; the newest base backup as a line in it. A title says the same in words. */
export function windowPicture({ recoverable, backups }: SetStatus, axis: TimeAxis): Markup {
  if (recoverable === null) {
    return picture('nothing can be restored', markup`<rect class="none" width="${width}" height="${height}"/>`);
  }
  const [from, to] = [Date.parse(recoverable.from), Date.parse(recoverable.to ?? recoverable.from)];
  const left = width * placeOn(axis, from);
  // One that is of this moment is still seen.
  const right = Math.max(left + 2, width * placeOn(axis, to));
  const newest = backups?.newest;
  const line = newest === null || newest === undefined ? null : width * placeOn(axis, Date.parse(newest.finishedAt));
  return picture(
    `from ${recoverable.from} to ${recoverable.to ?? 'an unknown time'}`,
    markup`<rect class="none" width="${width}" height="${height}"/><rect class="${axis.to - to > behind ? 'old' : 'window'}" x="${shown(left)}" width="${shown(right - left)}" height="${height}"/>${
      line === null ? [] : markup`<path class="backup" d="M${shown(line)} 0v${height}"/>`
    }`,
  );
}

function picture(title: string, content: Markup): Markup {
  return markup`<svg role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${title}</title>${content}</svg>`;
}

function shown(place: number): string {
  return place.toFixed(1);
}
