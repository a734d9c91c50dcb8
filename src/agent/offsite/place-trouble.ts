import type { Trouble } from '../../store/place.ts';

/** An off-site place did not do what it was asked; for code whose callers stop at the first trouble. */
export class PlaceTrouble extends Error {
  override readonly name = 'PlaceTrouble';
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.words);
    this.trouble = trouble;
  }

  /** Whether the same question may be answered a moment later. */
  get mayPass(): boolean {
    return this.trouble.outcome === 'unreachable';
  }
}
