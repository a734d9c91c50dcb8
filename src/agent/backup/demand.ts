export type DemandAnswer =
  { readonly kind: 'taken'; readonly id: string } | { readonly kind: 'failed'; readonly message: string };

/** Base backups that somebody asked for; all that wait get the one that starts next. */
export interface Demand {
  ask(): Promise<DemandAnswer>;
  /** Those who wait now, to be answered with the next backup; empty where nobody does. */
  take(): Answer[];
  readonly pending: boolean;
}

export type Answer = (answer: DemandAnswer) => void;

export function createDemand(): Demand {
  let waiting: Answer[] = [];
  return {
    ask: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
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
