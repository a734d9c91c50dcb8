import { randomBytes } from 'node:crypto';
import { createAuthority } from '../authority.ts';
import type { Authority, ServingNames } from '../authority.ts';
import type { CertificateSource, ServingCertificate } from '../source.ts';
import { parseAuthorities } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import type { ClusterSide, ConfigurationBundles, StoredSecret } from './cluster-side.ts';
import { leafIsDue, makeLeaf } from './leaf.ts';
import type { Leaf } from './leaf.ts';
import { settlingTime } from './lives.ts';
import type { Lives } from './lives.ts';
import { nextStep } from './next-step.ts';

export interface BuiltInOptions {
  readonly names: ServingNames;
  readonly lives: Lives;
  readonly cluster: ClusterSide;
  readonly onEvent: (event: string, details: Readonly<Record<string, unknown>>) => void;
  /** Told of what went wrong, each time that it is something else. */
  readonly onFailure: (message: string) => void;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

export interface BuiltInSource extends CertificateSource {
  /** What the apiserver was given, as it was read back: PEM; undefined where no webhook is there, or one has none. */
  bundle(): string | undefined;
}

/** A clock that jumps, or a machine that slept, is noticed within this; a timer set for weeks would not notice (cert-manager polls too). */
const tick = 1_000;

/** Whatever the watches said. */
const lookAgain = 60_000;

/** Milliseconds before the next try after the first failure; each further one doubles them. */
const [retry, longestRetry] = [1_000, 30_000];

/** A try that loses against another replica is made again at once, and this often before the next second. */
const rounds = 10;

/** Further apart than this, the clock here or the apiserver's is wrong, and nothing may be decided by it. */
const clockTolerance = 5 * 60_000;

/**
 * Certificates that pgusher makes itself. The Secret is the truth: each look reads the bundles and it, takes steps until there is none
 * to be taken, and takes a leaf where one is due. Every replica does the same; versions of objects decide who was first.
 */
export function builtInSource(options: BuiltInOptions): BuiltInSource {
  const { cluster, lives, names, onEvent } = options;
  const clock = options.clock ?? Date.now;
  const listeners: ((certificate: ServingCertificate) => void)[] = [];
  // For probes alone, which do not look: the server is there before the apiserver was asked.
  const placeholder = makeLeaf(newAuthority({ leaf: hour, authority: hour }, clock()), names, {
    now: clock(),
    lives: { leaf: hour, authority: hour },
    order: '',
  });
  let leaf: Leaf | undefined;
  let configurations: readonly ConfigurationBundles[] = [];
  let failure: string | undefined = 'the apiserver has not answered yet';
  let failures = 0;
  let nextLook = 0;
  let lastTick = clock();
  let isLooking = false;
  let changes = 0;
  const stopping = new AbortController();
  /** Since when every webhook has had the authority, by certificate. */
  const inBundleSince = new Map<string, number>();

  const bundles = (): readonly string[] =>
    configurations.flatMap(({ webhooks }) => webhooks.map(({ bundle }) => bundle));

  const isInBundles = (certificate: string): boolean =>
    bundles().length > 0 && bundles().every((bundle) => bundle.includes(certificate));

  const noteBundles = (authorities: Authorities, now: number): void => {
    for (const { certificate } of [
      authorities.current,
      ...(authorities.next === undefined ? [] : [authorities.next]),
    ]) {
      if (!isInBundles(certificate)) inBundleSince.delete(certificate);
      else if (!inBundleSince.has(certificate)) inBundleSince.set(certificate, now);
    }
  };

  const takeLeaf = ({ current }: Authorities, { orders }: StoredSecret, now: number): void => {
    const since = inBundleSince.get(current.certificate);
    const isDue = leafIsDue({
      leaf,
      current: current.certificate,
      order: orders.renew,
      now,
      isSettled: since !== undefined && now >= since + settlingTime(lives),
      isTrusted: leaf !== undefined && isInBundles(leaf.authority),
    });
    if (!isDue) return;
    const taken = makeLeaf(current, names, { now, lives, order: orders.renew });
    leaf = taken;
    onEvent('certificate made', { notAfter: new Date(taken.ends).toISOString() });
    for (const listener of listeners) listener(taken);
  };

  /** One step; resolves to the time of the next one, undefined where there may be one at once. */
  const step = async (): Promise<number | undefined> => {
    configurations = await cluster.readBundles();
    const secret = await cluster.readSecret();
    const now = clock();
    if (secret.clock !== undefined && Math.abs(secret.clock - now) > clockTolerance) {
      throw new Error(
        `the clock here says ${new Date(now).toISOString()}, the apiserver's ${new Date(secret.clock).toISOString()}; wanted clocks that agree: nothing is decided by one that is wrong`,
      );
    }
    const stored = secret.authorities === undefined ? undefined : readAuthorities(secret.authorities, secret.name);
    if (stored !== undefined) {
      noteBundles(stored, now);
      takeLeaf(stored, secret, now);
    }
    const next = nextStep({ stored, bundles: bundles(), order: secret.orders.rotate, now, lives }, () =>
      newAuthority(lives, now),
    );
    switch (next.kind) {
      case 'store':
        if ((await cluster.writeSecret(JSON.stringify(next.authorities), secret.version)) === 'written') {
          onEvent(`authority: ${next.what}`, {});
        }
        return undefined;
      case 'publish':
        for (const configuration of configurations) {
          if (configuration.webhooks.every(({ bundle }) => bundle === next.bundle)) continue;
          const isWritten = (await cluster.writeBundle(configuration, next.bundle)) === 'written';
          if (isWritten) onEvent('caBundle written', { resource: configuration.resource });
        }
        return undefined;
      case 'wait':
        return Math.min(next.until, leafDue(stored, now));
    }
  };

  /** A leaf of another authority is given up when the one that signs has settled. */
  const leafDue = (stored: Authorities | undefined, now: number): number => {
    if (leaf === undefined || stored === undefined) return now;
    return leaf.authority === stored.current.certificate ? leaf.renewal : now + tick;
  };

  const look = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      if (stopping.signal.aborted) return;
      const until = await step();
      if (until === undefined) continue;
      nextLook = Math.min(until, clock() + lookAgain);
      return;
    }
    throw new Error(`${String(rounds)} tries were lost against others that write the same objects`);
  };

  const tryToLook = async (): Promise<void> => {
    isLooking = true;
    const before = changes;
    try {
      await look();
      failure = undefined;
      failures = 0;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures += 1;
      nextLook = clock() + Math.min(retry * 2 ** (failures - 1), longestRetry);
      if (message !== failure && !stopping.signal.aborted) options.onFailure(message);
      failure = message;
    } finally {
      isLooking = false;
      // Perhaps after it was read.
      if (changes !== before) nextLook = 0;
    }
  };

  const timer = setInterval(() => {
    const now = clock();
    const wentBack = now < lastTick;
    lastTick = now;
    if (!isLooking && (now >= nextLook || wentBack)) void tryToLook();
  }, tick);
  timer.unref();
  const changed = (): void => {
    changes += 1;
    if (isLooking) return;
    // After a failure within a tick: what failed may be what changes all the time.
    if (failure === undefined) void tryToLook();
    else nextLook = 0;
  };
  const watch = cluster.watch(changed);
  void tryToLook();

  return {
    current: () => leaf ?? placeholder,
    onChange: (listener) => void listeners.push(listener),
    bundle: () => (bundles().length > 0 && bundles().every((text) => text !== '') ? bundles()[0] : undefined),
    problem: () => {
      if (leaf === undefined) return failure ?? 'none was made yet';
      if (configurations.length === 0)
        return failure ?? 'no webhook configuration zz-pgusher is there; wanted: kubectl apply -k manifests';
      if (isInBundles(leaf.authority)) return undefined;
      return `its authority is not in the caBundle of every webhook yet${failure === undefined ? '' : `: ${failure}`}`;
    },
    stop: () => {
      stopping.abort();
      clearInterval(timer);
      watch.stop();
    },
  };
}

const hour = 3_600_000;

function newAuthority({ authority }: Lives, now: number): Authority {
  const name = `pgusher webhook authority ${randomBytes(4).toString('hex')}`;
  return createAuthority(name, { now: new Date(now), days: authority / (24 * hour) });
}

function readAuthorities(text: string, secret: string): Authorities {
  try {
    return parseAuthorities(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Secret ${secret} is not what pgusher wrote (${why}); wanted: what was there, or its data removed, and pgusher begins anew`,
      { cause: error },
    );
  }
}
