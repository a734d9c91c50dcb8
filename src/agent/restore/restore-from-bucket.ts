import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Place } from '../../store/place.ts';
import { createLog } from '../log.ts';
import { readBucketState } from '../offsite/bucket-state.ts';
import { fetchIntoClaim } from '../offsite/fetch-into-claim.ts';
import { setPlace } from '../offsite/set-place.ts';
import type { Print } from '../print.ts';
import { requireEmpty, runRestoreTo } from './restore-to.ts';
import type { RestoreToOptions } from './restore-to.ts';
import { RestoreRefused } from './restore-plan.ts';

export interface RestoreFromBucketOptions extends Omit<RestoreToOptions, 'store'> {
  /** `<namespace>/<name>` below the prefix of the place's address. */
  readonly prefix: string;
  readonly open: () => Promise<Place>;
  /** How long the place may be silent. */
  readonly patienceMs: number;
}

/**
 * `pgusher-agent restore --to DIR --store s3://…`: for the day when the cluster is gone. What the restore needs is fetched beside the directory, checked as for a
 * pod, and restored from there; it goes when the restore is done. Cut off, the same command goes on with what it has. The bucket is only read.
 * @returns the exit code, as `runRestoreTo`.
 */
export async function restoreFromBucket(
  options: RestoreFromBucketOptions,
  print: Print & { bar(text: string): void },
): Promise<number> {
  const directory = resolve(options.directory);
  const fetched = join(dirname(directory), `.${basename(directory)}.pgusher-fetched`);
  try {
    await requireEmpty(directory);
    await fetchStore(options, fetched, print);
  } catch (error) {
    print.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const code = await runRestoreTo({ ...options, store: { mount: fetched, prefix: options.prefix } }, print);
  if (code === 0) {
    await rm(fetched, { recursive: true });
  } else {
    print.error(`what was fetched is kept in ${fetched}: the same command goes on with it`);
  }
  return code;
}

async function fetchStore(
  { open, prefix, backup, target, patienceMs }: RestoreFromBucketOptions,
  fetched: string,
  print: Print,
): Promise<void> {
  const owner = ownerOf(prefix);
  const place = setPlace(await open(), `${prefix}/`, () => undefined);
  try {
    const bucket = await readBucketState(place, owner);
    if (bucket.kind !== 'BACKUPS') {
      throw new RestoreRefused(`no base backup in ${place.name}: ${whyNot(bucket)}`);
    }
    const root = join(fetched, prefix);
    await mkdir(root, { recursive: true, mode: 0o700 });
    await fetchIntoClaim({
      limit: null,
      place,
      bucket,
      root,
      destination: fetched,
      restore: { backup, target, id: null },
      patienceMs,
      log: createLog('info', {
        write: (line) => {
          print.out(messageIn(line));
        },
      }),
    });
  } finally {
    place.close();
  }
}

function ownerOf(prefix: string): { readonly namespace: string; readonly set: string } {
  const [namespace = '', set = '', ...more] = prefix.split('/');
  if (namespace === '' || set === '' || more.length > 0) {
    throw new RestoreRefused(
      `--prefix is ${JSON.stringify(prefix)}; wanted <namespace>/<name> of the set: what stands before that in the bucket belongs to the address, s3://bucket/before`,
    );
  }
  return { namespace, set };
}

function whyNot(bucket: Exclude<Awaited<ReturnType<typeof readBucketState>>, { kind: 'BACKUPS' }>): string {
  switch (bucket.kind) {
    case 'EMPTY':
      return 'nothing is there. Wanted: the bucket, and the prefix <namespace>/<name>, of a set with backups';
    case 'CLAIMED':
      return `it has ${bucket.found}, and no complete base backup`;
    case 'OTHER':
      return `it belongs to ${bucket.identity.namespace}/${bucket.identity.set}; wanted that as --prefix`;
    case 'UNKNOWN':
      return bucket.reason;
  }
}

function messageIn(line: string): string {
  const { msg } = JSON.parse(line) as { readonly msg: string };
  return msg;
}
