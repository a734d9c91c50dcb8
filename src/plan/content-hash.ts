import { hash } from 'node:crypto';
import type { Json } from '../workload/json.ts';
import { canonicalText } from './canonical-text.ts';
import type { Plan } from './plan.ts';

/** The first 16 hexadecimal digits of the SHA-256 of a value's canonical text: enough to tell revisions apart. */
export function contentHash(value: Json): string {
  return hash('sha256', canonicalText(value), 'hex').slice(0, 16);
}

/** SHA-256 of a text as 32 characters of one byte each: the shortest key for what must not be kept itself. */
export function digest(text: string): string {
  return hash('sha256', text, 'binary');
}

/**
 * Identity of what a plan puts into the pod template. Claim templates are not in it, and neither is what the user's own
 * values were: pods are the same without them.
 */
export function planHash(plan: Plan): string {
  const { server, pod } = plan;
  return contentHash({
    initContainers: plan.initContainers,
    volumes: plan.volumes,
    server: server && {
      container: server.container,
      env: server.env,
      replacedEnv: server.replacedEnv.map(({ name, value }) => ({ name, value })),
      volumeMounts: server.volumeMounts,
      args: server.args,
      ports: server.ports,
      startupProbe: server.startupProbe,
      readinessProbe: server.readinessProbe,
      preStop: server.preStop,
    },
    pod: { graceSeconds: pod.graceSeconds },
  });
}
