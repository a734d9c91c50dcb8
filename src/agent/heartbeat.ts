import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const every = 10_000;
/** Six times as long as it may be late: a node that is out of memory or disk time has agents that are slow and well. */
const good = 60;

export interface Heartbeat {
  stop(): Promise<void>;
}

/**
 * Says for the liveness probe of pgusher-backup that this process still turns: `alive` in the shared volume holds the second of the node's
 * uptime until which it counts as alive (heartbeat-probe.ts). Not an HTTP probe: a mesh points those of every container at its own proxy, which
 * starts after all init containers (Istio, "Health Checking of Istio Services": exec probes are left alone), and a restore takes longer than that.
 * Uptime, since a clock may be set. Written in place and of one width: a volume that is full takes no new page.
 */
export async function startHeartbeat(shared: string): Promise<Heartbeat> {
  const file = await open(join(shared, 'alive'), 'w', 0o644);
  let before: Promise<void> = beat();
  async function beat(): Promise<void> {
    const uptime = Number.parseInt(await readFile('/proc/uptime', 'utf8'), 10);
    await file.write(`${String(uptime + good).padEnd(15)}\n`, 0);
  }
  const timer = setInterval(() => {
    before = before.then(beat).catch(() => undefined);
  }, every);
  await before;
  return {
    stop: async () => {
      clearInterval(timer);
      await before;
      await file.close();
    },
  };
}
