import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { AgentContract } from './contract.ts';
import { setCommands } from './set-commands.ts';
import type { SetCommandEdges } from './set-commands.ts';

/** How a command ended, as its process would have: `out` and `error` are what it would have printed. */
export interface SessionAnswer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface SessionPod {
  readonly contract: AgentContract;
  readonly edges: SetCommandEdges;
}

/**
 * Whoever went away without a word (a laptop that was shut) leaves no process of this size behind: a container runtime need not end the input
 * of a command whose connection broke.
 */
const idleMs = 300_000;

/**
 * The lines of `pgusher-agent session` in a process of its own, where the running agent does not take them (scripts/session.sh): one line of JSON
 * in, the words of a command (`["follow","orders-1","2"]`); one out, a SessionAnswer. One after the other. It ends with its input, behind the
 * command that runs then; a command that fails ends nothing.
 */
export async function runSession(
  input: Readable,
  pod: SessionPod,
  say: (line: string) => void,
  patienceMs = idleMs,
): Promise<void> {
  const lines = createInterface({ input });
  const idle = setTimeout(() => {
    lines.close();
  }, patienceMs);
  try {
    for await (const line of lines) {
      say(JSON.stringify(await answerLine(line, pod)));
      idle.refresh();
    }
  } finally {
    clearTimeout(idle);
    lines.close();
  }
}

/** One line of a session. Never throws: what went wrong is an answer. */
export async function answerLine(line: string, { contract, edges }: SessionPod): Promise<SessionAnswer> {
  try {
    const [name, ...words] = wordsOf(line);
    const command = setCommands.find((one) => one.name === name);
    if (command === undefined) {
      throw new Error(
        `a session knows no command ${JSON.stringify(name ?? '')}; wanted one of ${setCommands.map((one) => one.name).join(', ')}`,
      );
    }
    const isFlag = (word: string): boolean => word.startsWith('--');
    const { out, note } = await command.run(contract, edges, {
      args: words.filter((word) => !isFlag(word)),
      flags: words.filter(isFlag),
    });
    return {
      code: 0,
      out: out === undefined ? '' : `${JSON.stringify(out)}\n`,
      error: note === undefined ? '' : `${note}\n`,
    };
  } catch (error) {
    return { code: 1, out: '', error: `${error instanceof Error ? error.message : String(error)}\n` };
  }
}

/** @throws where it is not a list of words. */
function wordsOf(line: string): readonly string[] {
  const words: unknown = JSON.parse(line);
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === 'string')) {
    throw new Error(`a session was sent ${line.slice(0, 80)}; wanted a list of words: ["position"]`);
  }
  return words;
}
