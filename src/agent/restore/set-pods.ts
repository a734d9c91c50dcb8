import { lookup } from 'node:dns/promises';
import type { AgentContract } from '../contract.ts';
import type { ServerAddress } from '../server-connection/server-address.ts';

/** A server that may know more. */
export interface Place {
  /** Null: only its address is known. */
  readonly pod: string | null;
  readonly address: ServerAddress;
}

/** Where the pods of the set are. */
export interface SetPods {
  /** Null where the set has no governing Service, without which pods have no names. */
  addressOf(pod: string): ServerAddress | null;
  /** All that have an address now, this one too. */
  list(): Promise<readonly Place[]>;
}

/** Pods of a StatefulSet have names below its governing Service (Kubernetes, "Stable Network ID"). */
export function podsOfSet({
  set,
  service,
  serverPort,
}: Pick<AgentContract, 'set' | 'service' | 'serverPort'>): SetPods {
  const addressOf = (pod: string): ServerAddress | null =>
    service === null ? null : { host: `${pod}.${service}`, port: serverPort };
  return {
    addressOf,
    list: async () => {
      if (service === null) {
        return [];
      }
      const ips = await ipsOf(service);
      // The Service tells how many there are, names tell who: ordinals have no holes but for a pod that is just being made.
      const named = await Promise.all(
        Array.from({ length: ips.length + 1 }, async (_, ordinal) => {
          const pod = `${set}-${ordinal}`;
          const host = `${pod}.${service}`;
          // The name, not the address of now: a standby keeps it in its settings.
          return { place: { pod, address: { host, port: serverPort } }, ips: await ipsOf(host) };
        }),
      );
      const known = named.flatMap((found) => found.ips);
      return [
        ...named.filter((found) => found.ips.length > 0).map(({ place }) => place),
        ...ips.filter((ip) => !known.includes(ip)).map((host) => ({ pod: null, address: { host, port: serverPort } })),
      ];
    },
  };
}

async function ipsOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true }).catch(() => [])).map(({ address }) => address);
}

export function addressText({ host, port }: ServerAddress): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port`, as the contract has it. */
export function parseAddress(text: string): ServerAddress {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) };
}
