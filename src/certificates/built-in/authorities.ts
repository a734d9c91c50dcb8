import { X509Certificate } from 'node:crypto';
import type { Authority } from '../authority.ts';
import { backdated } from '../authority.ts';
import { certificatesIn } from '../certificates-in.ts';

/** What the Secret holds: everything that a replica must know to go on where another one stopped. */
export interface Authorities {
  /** Signs. */
  readonly current: Authority;
  /** Made, and not signing yet: the apiservers must know it first. */
  readonly next?: NextAuthority;
  /** Sign no more (their keys are gone), but leaves that they signed may be in use. */
  readonly previous: readonly PreviousAuthority[];
  /** The last order to rotate that was carried out; empty where there was none. */
  readonly order: string;
}

export interface NextAuthority extends Authority {
  /** When it was read back from the bundles of all webhooks, milliseconds since 1970. */
  readonly announced?: number;
}

export interface PreviousAuthority {
  readonly certificate: string;
  /** When no leaf of it can be in use any more, milliseconds since 1970. */
  readonly until: number;
}

/** What every webhook's caBundle should be. */
export function bundleOf({ current, next, previous }: Authorities): string {
  const all = [current, ...(next === undefined ? [] : [next]), ...previous];
  return all.map(({ certificate }) => certificate).join('');
}

/** When a certificate of ours was made, and when it ends; milliseconds since 1970. */
export function lifeOf(certificate: string): { readonly from: number; readonly made: number; readonly ends: number } {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  const from = validFromDate.getTime();
  return { from, made: from + backdated, ends: validToDate.getTime() };
}

/** @throws Error with a line for a person: what is stored is never written over where it cannot be read. */
export function parseAuthorities(text: string): Authorities {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (cause) {
    throw new Error(`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isRecord(read)) throw new Error('it is no object');
  const { current, next, previous, order } = read;
  if (typeof order !== 'string') throw new Error('order is no text');
  if (!Array.isArray(previous)) throw new Error('previous is no list');
  return {
    current: authorityIn(current, 'current'),
    ...(next === undefined ? {} : { next: { ...authorityIn(next, 'next'), ...announcedIn(next) } }),
    previous: previous.map((one: unknown) => {
      if (!isRecord(one) || typeof one['until'] !== 'number') throw new Error('one of previous has no time');
      return { certificate: certificateIn(one['certificate'], 'previous'), until: one['until'] };
    }),
    order,
  };
}

function authorityIn(value: unknown, what: string): Authority {
  if (!isRecord(value) || typeof value['key'] !== 'string') throw new Error(`${what} has no key`);
  return { certificate: certificateIn(value['certificate'], what), key: value['key'] };
}

function announcedIn(value: unknown): { readonly announced?: number } {
  const announced = isRecord(value) ? value['announced'] : undefined;
  return typeof announced === 'number' ? { announced } : {};
}

function certificateIn(value: unknown, what: string): string {
  const [certificate] = typeof value === 'string' ? certificatesIn(value) : [];
  if (certificate === undefined) throw new Error(`the certificate of ${what} is none`);
  return certificate;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
