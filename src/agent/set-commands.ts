import type { AgentContract } from './contract.ts';
import type { RebuildEdges } from './rebuild/judge-rebuild.ts';
import type { StandbyEdges } from './standby/local-server.ts';

export interface SetCommandEdges extends StandbyEdges, RebuildEdges {
  readonly liveSettings: string;
}

/** What is printed: one line of JSON for a program, and one for a person who typed it in the pod. */
export interface SetCommandResult {
  readonly out?: unknown;
  readonly note?: string;
}

/** What `pgusher promote` and `pgusher rebuild` ask of the agent of a pod, and a person in the pod by hand. */
export interface SetCommand {
  readonly name: string;
  /** As commander writes them: `<wanted>`, `[optional]`. */
  readonly args: string;
  readonly description: string;
  /** Each without a value. */
  readonly flags: readonly { readonly name: string; readonly description: string }[];
  /** Each loads what it needs. @throws why it was not done. */
  run(
    contract: AgentContract,
    edges: SetCommandEdges,
    given: { readonly args: readonly string[]; readonly flags: readonly string[] },
  ): Promise<SetCommandResult>;
}

export const setCommands: readonly SetCommand[] = [
  {
    name: 'position',
    args: '',
    description: 'how far the server beside this agent is, and whether it takes writes; one line of JSON',
    flags: [],
    run: async (contract, edges) => {
      const { serverPosition } = await import('./standby/promotion-commands.ts');
      return { out: await serverPosition(contract, edges) };
    },
  },
  {
    name: 'stopped',
    args: '',
    description: 'where the server beside this agent has ended, and whether it ended cleanly; one line of JSON',
    flags: [],
    run: async (contract, edges) => {
      const { serverEnd } = await import('./standby/promotion-commands.ts');
      return { out: await serverEnd(contract, edges) };
    },
  },
  {
    name: 'promote',
    args: '',
    description: 'make the server beside this agent the primary; `pgusher promote` does this, and writes it down',
    flags: [],
    run: async (contract, edges) => {
      const { promoteHere } = await import('./standby/promotion-commands.ts');
      return {
        out: await promoteHere(contract, edges),
        note: `not written down yet: pgusher promote ${contract.set} --record ${edges.pod}`,
      };
    },
  },
  {
    name: 'follow',
    args: '<pod> <timeline>',
    description: 'the standby beside this agent follows another pod from now on',
    flags: [],
    run: async (_, edges, { args: [pod = '', timeline = ''] }) => {
      const { followHere } = await import('./standby/promotion-commands.ts');
      await followHere(edges, pod, Number(timeline));
      return {};
    },
  },
  {
    name: 'fence',
    args: '',
    description: 'the server beside this agent takes no writes once it was stopped',
    flags: [],
    run: async (contract, edges) => {
      const { fenceHere } = await import('./standby/promotion-commands.ts');
      await fenceHere(contract, edges);
      return {};
    },
  },
  {
    name: 'rebuild',
    args: '[primary]',
    description:
      'the next start of this pod replaces its data by a copy of the pod that is primary (whom the record names without); `pgusher rebuild` does this, and starts it anew',
    flags: [
      { name: '--discard', description: 'remove the old data before the copy is there' },
      { name: '--check', description: 'look only' },
    ],
    run: async (contract, edges, { args: [primary = null], flags }) => {
      const { rebuildHere } = await import('./rebuild/rebuild-commands.ts');
      const wish = { primary, discard: flags.includes('--discard'), check: flags.includes('--check') };
      return { out: await rebuildHere(contract, edges, wish) };
    },
  },
  {
    name: 'rebuilding',
    args: '',
    description: 'the order of `rebuild` that waits, and what became of the last one; one line of JSON',
    flags: [],
    run: async (contract) => {
      const { rebuildState } = await import('./rebuild/rebuild-commands.ts');
      return { out: await rebuildState(contract) };
    },
  },
];
