import type { SetPods } from '../../../src/agent/restore/set-pods.ts';

/** Pods of a set as servers on loopback, a port each: what names below the governing Service are in a cluster. */
export function podsOnLoopback(ports: Readonly<Record<string, number>>): SetPods {
  const addressOf = (pod: string): { host: string; port: number } | null => {
    const port = ports[pod];
    return port === undefined ? null : { host: '127.0.0.1', port };
  };
  return {
    addressOf,
    list: async () => Object.entries(ports).map(([pod, port]) => ({ pod, address: { host: '127.0.0.1', port } })),
  };
}
