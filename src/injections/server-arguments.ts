import { verbatimForKubelet } from '../shell/kubelet-expansion.ts';
import { objectAt } from '../workload/json.ts';
import { parseQuantity } from '../workload/quantity.ts';
import type { ServerContainer } from '../workload/postgres-workload.ts';
import { graceSeconds } from './grace-period.ts';
import type { InjectionContext, RenderFacts } from './injection.ts';

const mebibyte = 2 ** 20;

/** Below this a slot would be given up after an hour of modest writing. */
const leastSlotMebibytes = 1024;

/** WAL kept for a standby that was away for a moment, whose slot is gone; CloudNativePG's default, too. */
const walKeepSize = '512MB';

/**
 * `wal_sender_shutdown_timeout` exists from here on. By default a fast shutdown waits for every receiver to have everything: one that
 * is frozen, or behind a network that swallows, holds it up until the kubelet kills the server (PostgreSQL manual 19, "Sending Servers").
 */
const sendersShutDown = 19;

/** `max_slot_wal_keep_size` and `wal_keep_size` exist from here on. */
const sizedRetention = 13;

/** A shell's script, or a program that is not the server, takes no arguments from us. */
export function takesArguments(server: ServerContainer): boolean {
  return server.start.kind === 'entrypoint' || server.start.kind === 'direct';
}

/**
 * `-c` settings that we add, the annotation's last: of two the server obeys the later one. The initialisation's temporary
 * server gets the same, so nothing may be here that it cannot start with (no synchronous_standby_names).
 */
export function addedParameters(facts: RenderFacts): InjectionContext['parameters'] {
  const { server, settings, workload } = facts;
  if (!takesArguments(server)) return [];
  const ownFile = server.parameters.has('config_file') || server.family.configurationDirectory !== undefined;
  const sized = server.major !== undefined && server.major >= sizedRetention && !ownFile;
  const slotLimit = sized && keepsSlots(facts) ? slotMebibytes(server) : undefined;

  const parameters: (readonly [string, string])[] = [];
  const add = (name: string, value: string): void => {
    if (!server.parameters.has(name)) parameters.push([name, value]);
  };
  if (slotLimit !== undefined) add('max_slot_wal_keep_size', `${slotLimit}MB`);
  if (sized && settings.replicationSecret !== undefined) add('wal_keep_size', walKeepSize);
  if (server.major !== undefined && server.major >= sendersShutDown && !ownFile && keepsSlots(facts)) {
    // Half of the grace period: the other half is for the hook before it, and for the agent, which stops after the server.
    add('wal_sender_shutdown_timeout', `${Math.floor(graceSeconds(workload) / 2)}s`);
  }
  if (!asksForHugePages(server)) add('huge_pages', 'off');
  return settings.parameters.length === 0 ? parameters : [...parameters, ...settings.parameters];
}

export function parameterArguments(parameters: InjectionContext['parameters']): readonly string[] {
  return parameters.flatMap(([name, value]) => ['-c', verbatimForKubelet(`${name}=${value}`)]);
}

/** As appended to the server's args. */
export function addedArguments({ server, parameterArguments: own }: InjectionContext): readonly string[] {
  return own.length === 0 ? [] : [...lostArguments(server), ...own];
}

/**
 * Arguments of initdb.sh. What the image's entrypoint is started with: the user's command line without the entrypoint itself, then
 * ours. A wrapper's command line as it is: what it does before the entrypoint belongs to the first start.
 */
export function entrypointArguments(context: InjectionContext): readonly string[] {
  const { server } = context;
  if (!takesArguments(server)) {
    return ['--command', ...(server.command.length === 0 ? ['docker-entrypoint.sh'] : server.command), ...server.args];
  }
  const entrypoint = server.command.findIndex((word) => word.endsWith('entrypoint.sh'));
  const own = [...server.command.slice(entrypoint + 1), ...server.args];
  const program = own.length === 0 ? ['postgres', ...lostArguments(server)] : own;
  return [...program, ...context.parameterArguments];
}

/** Arguments replace the image's CMD, and with it the `-D` of an image that keeps its configuration apart. */
function lostArguments(server: ServerContainer): readonly string[] {
  const { configurationDirectory } = server.family;
  const inherits = server.command.length === 0 && server.args.length === 0;
  return inherits && configurationDirectory !== undefined ? ['-D', configurationDirectory] : [];
}

function keepsSlots({ settings, destination }: RenderFacts): boolean {
  return settings.replicationSecret !== undefined || (settings.backup && destination.kind === 'store');
}

/** A quarter of the claim that the WAL is on; undefined where its size is not known: a number out of the air could fill the disk. */
function slotMebibytes(server: ServerContainer): number | undefined {
  const source = (server.wal ?? server.data).mount?.source;
  const storage = source?.kind === 'claim-template' ? source.storage : undefined;
  const bytes = storage === undefined ? undefined : parseQuantity(storage);
  return bytes === undefined ? undefined : Math.max(leastSlotMebibytes, Math.floor(bytes / 4 / mebibyte));
}

/** On a node with huge pages a server that asks for them without a limit dies of SIGBUS (docker-library/postgres#451). */
function asksForHugePages(server: ServerContainer): boolean {
  const resources = objectAt(server.container, 'resources');
  const wanted = (kind: string): boolean =>
    Object.keys(objectAt(resources, kind)).some((key) => key.startsWith('hugepages-'));
  return wanted('limits') || wanted('requests');
}
