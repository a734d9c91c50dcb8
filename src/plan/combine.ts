import type { Contribution, Skip } from '../injections/injection.ts';
import type { JsonObject } from '../workload/json.ts';
import { claimTemplateKey, mountPathKey, nameKey, portKey } from './named-list.ts';
import type { KeyOf } from './named-list.ts';
import type { Plan, Reason, ReasonedPlan, ReplacedEnv, ServerChange } from './plan.ts';

export interface NamedContribution {
  /** Injection id. */
  readonly id: string;
  readonly contribution: Contribution | Skip;
}

/**
 * Joins what the injections add into one plan, in their order. `container` is the Postgres container.
 * Throws where two injections claim one name: that is a fault of ours, and which of them should win is nothing to guess.
 */
export function combine(contributions: readonly NamedContribution[], container: string): ReasonedPlan {
  const claims = new Map<string, string>();
  const reasons: Reason[] = [];
  const initContainers: JsonObject[] = [];
  const volumes: JsonObject[] = [];
  const claimTemplates: JsonObject[] = [];
  const env: JsonObject[] = [];
  const replacedEnv: ReplacedEnv[] = [];
  const volumeMounts: JsonObject[] = [];
  const args: string[] = [];
  const ports: JsonObject[] = [];
  let startupProbe: JsonObject | undefined;
  let readinessProbe: JsonObject | undefined;
  let preStop: readonly string[] | undefined;
  let graceSeconds: number | undefined;
  let changesServer = false;

  for (const { id, contribution } of contributions) {
    if ('skipped' in contribution) {
      reasons.push({ injection: id, outcome: 'skipped', text: contribution.skipped });
      continue;
    }
    reasons.push({ injection: id, outcome: 'injected', text: contribution.reason });

    const claim = (what: string): void => {
      const holder = claims.get(what);
      if (holder !== undefined) throw new ClaimedTwiceError(what, holder, id);
      claims.set(what, id);
    };
    const take = (items: readonly JsonObject[] | undefined, into: JsonObject[], what: string, keyOf: KeyOf): void => {
      for (const item of items ?? []) {
        claim(`${what} ${keyOf(item) ?? ''}`);
        into.push(item);
      }
    };

    take(contribution.initContainers, initContainers, 'init container', nameKey);
    take(contribution.volumes, volumes, 'volume', nameKey);
    take(contribution.claimTemplates, claimTemplates, 'claim template', claimTemplateKey);
    if (contribution.graceSeconds !== undefined) {
      graceSeconds = Math.max(graceSeconds ?? 0, contribution.graceSeconds);
    }

    const { server } = contribution;
    if (server === undefined) continue;
    changesServer = true;
    take(server.env, env, 'environment variable', nameKey);
    for (const replaced of server.replacedEnv ?? []) {
      claim(`environment variable ${replaced.name}`);
      replacedEnv.push(replaced);
    }
    take(server.volumeMounts, volumeMounts, 'mount path', mountPathKey);
    take(server.ports, ports, 'port', portKey);
    args.push(...(server.args ?? []));
    if (server.startupProbe !== undefined) {
      claim('startup probe');
      startupProbe = server.startupProbe;
    }
    if (server.readinessProbe !== undefined) {
      claim('readiness probe');
      readinessProbe = server.readinessProbe;
    }
    if (server.preStop !== undefined) {
      claim('preStop hook');
      preStop = server.preStop;
    }
  }

  const server: ServerChange | undefined = changesServer
    ? { container, env, replacedEnv, volumeMounts, args, ports, startupProbe, readinessProbe, preStop }
    : undefined;
  const plan: Plan = { initContainers, volumes, claimTemplates, server, pod: { graceSeconds } };
  return { plan, reasons };
}

export class ClaimedTwiceError extends Error {
  override readonly name = 'ClaimedTwiceError';

  constructor(what: string, first: string, second: string) {
    super(`${what} is claimed by the injections ${first} and ${second}; only one of them can have it`);
  }
}
