import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode, syncDirectory, writeDurably } from './durable-file.ts';
import { storeNames } from './layout.ts';
import type { StoreIdentity } from './layout.ts';

export type IdentityReading =
  | { readonly kind: 'present'; readonly identity: StoreIdentity }
  /** Proven: the directory answered and holds no STORE.json. */
  | { readonly kind: 'absent' }
  /** Anything else. Never to be taken for absent. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const identitySchema = z.object({
  format: z.literal(1),
  id: z.string().min(1),
  namespace: z.string(),
  set: z.string(),
  claimedAt: z.string(),
  systemId: z.string().regex(/^\d+$/).nullable(),
  major: z.number().int().nullable(),
  segmentSize: z.number().int().nullable(),
});

/** @param root `<mount>/<prefix>`, see layout.ts. */
export async function readIdentity(root: string): Promise<IdentityReading> {
  const path = join(root, storeNames.identity);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    // A prefix that is not there yet is as absent as a file; anything but ENOENT (EIO, EACCES, ESTALE) proves nothing.
    return errorCode(error) === 'ENOENT'
      ? { kind: 'absent' }
      : { kind: 'unreadable', reason: `${path}: ${error instanceof Error ? error.message : String(error)}` };
  }
  return parseIdentity(text, path);
}

/** @param path for the message. */
export function parseIdentity(text: string, path: string): Exclude<IdentityReading, { kind: 'absent' }> {
  const parsed = identitySchema.safeParse(parseJson(text));
  return parsed.success
    ? { kind: 'present', identity: parsed.data }
    : {
        kind: 'unreadable',
        reason: `${path} is not a store identity: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}`,
      };
}

export interface Claim {
  readonly namespace: string;
  readonly set: string;
  /** ISO 8601. */
  readonly claimedAt: string;
}

/**
 * Writes STORE.json where there is none, by link(2), which never replaces: of two that claim at once one wins and both
 * get the winner's identity back.
 * @throws where the store cannot be written or its identity cannot be read.
 */
export async function claimStore(root: string, claim: Claim): Promise<StoreIdentity> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const identity: StoreIdentity = {
    format: 1,
    id: randomUUID(),
    ...claim,
    systemId: null,
    major: null,
    segmentSize: null,
  };
  const proposal = join(root, `${storeNames.temporaryPrefix}claim-${identity.id}`);
  try {
    await writeDurably(proposal, identityText(identity));
    await link(proposal, join(root, storeNames.identity));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
  } finally {
    await rm(proposal, { force: true });
  }
  await syncDirectory(root);
  const reading = await readIdentity(root);
  if (reading.kind !== 'present') {
    throw new Error(reading.kind === 'absent' ? `${root}: the claim that was just written is gone` : reading.reason);
  }
  return reading.identity;
}

export interface LearnedSystem {
  readonly systemId: string;
  readonly major: number;
  readonly segmentSize: number;
}

/**
 * Completes the identity with the system that the first server had; the only change that STORE.json ever sees.
 * @throws where it names another system: that is never overwritten.
 */
export async function learnSystem(
  root: string,
  identity: StoreIdentity,
  system: LearnedSystem,
): Promise<StoreIdentity> {
  if (identity.systemId !== null && identity.systemId !== system.systemId) {
    throw new Error(`the store belongs to system ${identity.systemId}, the server is ${system.systemId}`);
  }
  if (
    identity.systemId === system.systemId &&
    identity.major === system.major &&
    identity.segmentSize === system.segmentSize
  ) {
    return identity;
  }
  const learned: StoreIdentity = { ...identity, ...system };
  await writeDurably(join(root, storeNames.identity), identityText(learned));
  return learned;
}

export function identityText(identity: StoreIdentity): string {
  return `${JSON.stringify(identity, null, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
