export type DemandAnswer =
  { readonly kind: 'taken'; readonly id: string } | { readonly kind: 'failed'; readonly message: string };

/** Base backups (or dumps) that somebody asked for; all that wait get the one that starts next. */
export interface Demand<Wish = undefined> {
  ask(wish: Wish): Promise<DemandAnswer>;
  /** Those who wait now, to be answered with the next one; empty where nobody does. */
  take(): Waiting<Wish>[];
  readonly pending: boolean;
}

export interface Waiting<Wish> {
  readonly wish: Wish;
  readonly answer: (answer: DemandAnswer) => void;
}

export function createDemand<Wish = undefined>(): Demand<Wish> {
  let waiting: Waiting<Wish>[] = [];
  return {
    ask: (wish) =>
      new Promise((resolve) => {
        waiting.push({ wish, answer: resolve });
      }),
    take: () => {
      const taken = waiting;
      waiting = [];
      return taken;
    },
    get pending() {
      return waiting.length > 0;
    },
  };
}
