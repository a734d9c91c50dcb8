import type { RequestListener } from 'node:http';

/** A listener that is loaded on demand, or when `load` is called; requests that come before wait for it. */
export function loadedLater(load: () => Promise<RequestListener>): {
  readonly listener: RequestListener;
  load(): void;
} {
  let loading: Promise<RequestListener> | undefined;
  const loaded = (): Promise<RequestListener> => (loading ??= load());
  return {
    listener: (request, response) => {
      void loaded().then((listener) => {
        listener(request, response);
      });
    },
    load: () => void loaded(),
  };
}
