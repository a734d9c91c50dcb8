import type { Readable } from 'node:stream';

/**
 * A place that keeps backups away from the machine: an object store today. Few verbs, and each answers with a closed set of outcomes:
 * nothing has to be read out of an exception. Everything that a store means (identity, base backups, WAL) is written over these.
 *
 * Keys are relative, without a leading slash; no key is ever a folder of another one (`x` beside `x/y` fails on several stores).
 */
export interface Place {
  /** For messages, without any secret: `s3://bucket/prefix at https://…`. */
  readonly name: string;
  /** Whole, or from `from` to the byte before `to`. `absent` is said only where the store itself named the key as missing. */
  read(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Found | Absent | Trouble>;
  /** Everything below `prefix` (which ends in `/` or is empty), in the order of keys; all pages, or trouble. */
  list(prefix: string, signal?: AbortSignal): Promise<Listed | Trouble>;
  /** A small object, whole in memory. Of several writers exactly one is told `stored`. */
  putIfAbsent(
    key: string,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Stored | { readonly outcome: 'exists' } | Trouble>;
  /** A small object that is replaced only while it is the one that `version` names. */
  replaceIfUnchanged(
    key: string,
    bytes: Uint8Array,
    version: string,
    signal?: AbortSignal,
  ): Promise<Stored | { readonly outcome: 'changed' } | Trouble>;
  /** Any length. The object is there whole or not at all; what was there is replaced. */
  putStream(key: string, bytes: Readable, signal?: AbortSignal): Promise<StoredStream | Trouble>;
  /** That it was not there is no trouble. */
  delete(key: string, signal?: AbortSignal): Promise<{ readonly outcome: 'deleted' } | Trouble>;
  /** What the store can do and these credentials may do, found out by doing it on a key of its own. */
  probe(signal?: AbortSignal): Promise<Probed | Trouble>;
  close(): void;
}

export interface ByteRange {
  readonly from: number;
  /** Exclusive; absent: to the end. */
  readonly to?: number;
}

export interface Found {
  readonly outcome: 'found';
  /** Fails in the middle where the connection breaks or is silent for too long: whoever reads it counts and checks what came. */
  readonly bytes: Readable;
  /** Bytes of the whole object. */
  readonly size: number;
  /** For `replaceIfUnchanged`, and to see that it is the same object when a read goes on. */
  readonly version: string;
}

export interface Absent {
  readonly outcome: 'absent';
}

export interface Listed {
  readonly outcome: 'listed';
  readonly objects: readonly { readonly key: string; readonly size: number; readonly modified: Date }[];
}

export interface Stored {
  readonly outcome: 'stored';
  readonly version: string;
}

export interface StoredStream extends Stored {
  readonly size: number;
  /** Of the stored bytes, hexadecimal. */
  readonly sha256: string;
}

/** What kept the store from answering; `words` is one clause for a person: what was asked and what came back. */
export type Trouble =
  /** The store answered, and these credentials may not. */
  | { readonly outcome: 'denied'; readonly why: 'credentials' | 'rights' | 'clock' | 'expired'; readonly words: string }
  /** Nobody answered, or somebody asked for patience. */
  | {
      readonly outcome: 'unreachable';
      readonly why: 'name' | 'refused' | 'timeout' | 'tls' | 'broken' | 'busy';
      readonly retryAfterMs: number | null;
      readonly words: string;
    }
  /** No bucket of that name, another region, or an answer that no object store gives. */
  | { readonly outcome: 'not-this-store'; readonly words: string }
  /** It answered with other bytes than it was given. */
  | { readonly outcome: 'damaged'; readonly words: string }
  /** It has no room, or refuses for good what was asked. */
  | { readonly outcome: 'refused'; readonly words: string };

export interface Probed {
  readonly outcome: 'probed';
  /** Absence can be seen: a key that cannot exist was answered as missing, not as forbidden. */
  readonly seesAbsence: boolean;
  readonly mayList: boolean;
  /** False: these credentials may read, as those of a clone should. The two below are then false too. */
  readonly mayWrite: boolean;
  /** A second put-if-absent was refused. */
  readonly writesOnce: boolean;
  readonly mayDelete: boolean;
}
