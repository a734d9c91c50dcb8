import type { Trouble } from './place.ts';

/** What the bytes of a `Found` fail with when they end before the object does, or are not what was stored. */
export class BrokenRead extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.words, options);
    this.name = 'BrokenRead';
    this.trouble = trouble;
  }
}
