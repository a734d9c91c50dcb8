import { UsageError } from './exit-code.ts';

/** What keeps one file, or one object in it, from being judged. */
export class UnreadError extends UsageError {
  /** As it was named; `-` for standard input. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;

  constructor(message: string, place: { readonly file: string; readonly line: number; readonly column: number }) {
    super(message);
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
  }
}

/** Told of each one where the others are to be judged all the same; thrown where there is nobody to tell. */
export type Unread = (problem: UnreadError) => void;

/** Runs `read`; undefined where it could not be read, and `unread` was told so. */
export async function readOrTell<T>(read: () => Promise<T>, unread: Unread | undefined): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (unread === undefined || !(error instanceof UnreadError)) throw error;
    unread(error);
    return undefined;
  }
}
