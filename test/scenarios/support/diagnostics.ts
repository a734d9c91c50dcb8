import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { places } from '../../../scripts/cluster/places.ts';
import { kubectl } from './cluster.ts';

/** Objects, events and the logs of all containers, of the scenario and of the webhook, in one folder whose path is printed. */
export async function saveDiagnostics(namespace: string, test: string): Promise<void> {
  const folder = join(places.failures, `${namespace}-${test.replaceAll(/[^\w]+/g, '-').slice(0, 60)}`);
  mkdirSync(folder, { recursive: true });
  const save = async (file: string, args: readonly string[]): Promise<void> => {
    const { stdout, stderr } = await kubectl.attempt(args);
    writeFileSync(join(folder, file), `${stdout}${stderr}`);
  };
  const kinds = 'statefulset,pod,pvc,pv,configmap,controllerrevision';
  await save('objects.yaml', ['--namespace', namespace, 'get', kinds, '-o', 'yaml']);
  await save('pods.txt', ['--namespace', namespace, 'describe', 'pod']);
  await save('events.txt', ['--namespace', namespace, 'get', 'events', '--sort-by=.lastTimestamp']);
  for (const of of [namespace, 'pgusher-system']) {
    const template =
      '{range .items[*]}{.metadata.name}{range .spec.initContainers[*]} {.name}{end}{range .spec.containers[*]} {.name}{end}{"\\n"}{end}';
    const { stdout } = await kubectl.attempt(['--namespace', of, 'get', 'pod', '-o', `jsonpath=${template}`]);
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const [pod = '', ...containers] = line.split(' ');
      for (const container of containers) {
        const log = ['--namespace', of, 'logs', pod, '-c', container, '--timestamps'];
        await save(`${pod}.${container}.log`, log);
        await save(`${pod}.${container}.previous.log`, [...log, '--previous']);
      }
    }
  }
  console.error(`What the cluster was like when "${test}" failed: ${folder}`);
}
