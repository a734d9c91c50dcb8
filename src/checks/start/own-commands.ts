import { objectAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { PostgresWorkload, ServerContainer } from '../../workload/postgres-workload.ts';
import { containerField } from '../field-path.ts';
import type { ContainerList } from '../field-path.ts';
import { commandLine } from './data-deciders.ts';

/** A command line that somebody wrote into the pod, and the container that it runs in. */
export interface OwnCommand {
  readonly words: readonly string[];
  readonly container: JsonObject;
  readonly field: string;
}

/** Those of the containers of these lists, then the hooks of the server's. Most have none, and this is asked for each request. */
export function ownCommands(
  { podSpec }: PostgresWorkload,
  server: ServerContainer,
  lists: readonly ContainerList[],
): readonly OwnCommand[] {
  const commands: OwnCommand[] = [];
  for (const list of lists) {
    for (const container of objectsAt(podSpec, list)) {
      if (container['command'] === undefined && container['args'] === undefined) continue;
      const field = containerField(textAt(container, 'name') ?? '', 'command', list);
      commands.push({ words: commandLine(container), container, field });
    }
  }
  const lifecycle = objectAt(server.container, 'lifecycle');
  for (const hook of ['postStart', 'preStop'] as const) {
    if (lifecycle[hook] === undefined) continue;
    const words = commandLine(objectAt(objectAt(lifecycle, hook), 'exec'));
    const field = containerField(server.name, `lifecycle.${hook}.exec.command`);
    commands.push({ words, container: server.container, field });
  }
  return commands;
}
