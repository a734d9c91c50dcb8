import { watch } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { answerLine } from './session.ts';
import type { SessionPod } from './session.ts';
import { errorCode } from './store/durable-file.ts';

/** Where an inotify watch cannot be had (a node may have run out of them), a command waits this long at most. */
const lookMs = 500;

/**
 * The running agent's side of session.sh, by files below `<shared>/commands/`:
 *
 *   request/<name>   a line of JSON, the words of a command; who renames it, the agent to answer it or the script to ask somebody else, has it
 *   answer/<name>    a line of JSON, a SessionAnswer
 *
 * Files and not a socket, because the script has nothing but a shell. Only the server's own user may write there, who could do all this by
 * hand. Until `stopping`; never throws: without it, each session starts a process.
 */
export async function serveCommands(pod: SessionPod, log: Log, stopping: AbortSignal): Promise<void> {
  const folder = join(pod.edges.shared, 'commands');
  const [request, answer] = [join(folder, 'request'), join(folder, 'answer')];
  const answerOne = async (name: string): Promise<void> => {
    const [taken, said] = [join(folder, `.taken-${name}`), join(folder, `.said-${name}`)];
    try {
      await rename(join(request, name), taken);
      const words = await answerLine(await readFile(taken, 'utf8'), pod);
      await writeFile(said, `${JSON.stringify(words)}\n`);
      await rename(said, join(answer, name));
      await rm(taken);
    } catch (error) {
      // An event for its removal, or somebody else has it.
      if (errorCode(error) !== 'ENOENT') log.error({ err: error }, 'a command of a person could not be answered');
    }
  };
  try {
    // Nothing that an earlier agent left is an answer to anything.
    await rm(folder, { recursive: true, force: true });
    for (const path of [folder, answer, request]) await mkdir(path, { mode: 0o700 });
    const watcher = watch(request, { signal: stopping }, (_, name) => {
      if (name !== null) void answerOne(name);
    });
    watcher.on('error', () => undefined);
    // What a promotion asks first: it is there when somebody waits for it.
    await import('./standby/promotion-commands.ts');
  } catch (error) {
    log.warn({ err: error }, 'commands of `pgusher promote` start a process each: their folder cannot be watched');
  }
  while (!stopping.aborted) {
    for (const name of await readdir(request).catch(() => [])) void answerOne(name);
    await sleep(lookMs, undefined, { signal: stopping }).catch(() => undefined);
  }
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}
