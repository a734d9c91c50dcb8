import type { LabelSelector, NetworkPolicyFact, NetworkRule } from '../../workload/cluster-facts.ts';
import { numberAt, objectsAt, textAt } from '../../workload/json.ts';
import type { JsonObject } from '../../workload/json.ts';
import type { ServerContainer } from '../../workload/postgres-workload.ts';
import { noObservations } from '../check.ts';
import type { Check, Observation } from '../check.ts';
import { notLookedUp } from '../look-up.ts';
import { controllerLabels, matches, podLabels } from './pod-labels.ts';
import { quoted } from '../shown-text.ts';

/**
 * Fields: spec.replicas, labels and port of the pods, and the NetworkPolicies of the namespace.
 * Allowed: one replica; no policy that selects the pods; or rules by which they reach each other at the server's port (Kubernetes
 * documentation, "Network Policies": the rules of all policies of a pod add up). Rules for addresses, for namespaces and for single pods
 * may be meant for them, and count as such.
 */
export const networkpolicyBlocks: Check = {
  id: 'networkpolicy-blocks',
  severity: 'warn',
  summary: 'A network policy keeps standbys from their primary.',
  because:
    'A standby copies its primary and follows it by the port of the server. Where the policy holds it never becomes ready, and with synchronous replication each commit waits for it.',
  instead:
    'A NetworkPolicy of your own beside the set: ingress from pods of the same labels at the port of the server; egress to them, and to DNS, by which a standby finds its primary. Only in the directions that the message names, since what a policy is about is closed for all that it does not list.',
  // No direction is given: a policy for one that was free before would cut off clients, or what the pods call.
  paste: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: <name of the set>-replication
spec:
  podSelector:
    matchLabels: <labels of the pods>
  policyTypes: [<Ingress, Egress or both, as in the message>]
  ingress:
    - from:
        - podSelector:
            matchLabels: <labels of the pods>
      ports:
        - port: <port of the server>
  egress:
    - to:
        - podSelector:
            matchLabels: <labels of the pods>
      ports:
        - port: <port of the server>
    - ports:
        - { port: 53, protocol: UDP }
        - { port: 53, protocol: TCP }`,
  examine(workload, { facts }) {
    const { server, replicas, settings, namespace } = workload;
    const { replicationSecret, role } = settings.values;
    if (server === undefined || replicas < 2 || replicationSecret === undefined || role === 'primary') {
      return noObservations;
    }
    const labels = podLabels(workload);
    const policies = facts.networkPolicies.within(namespace);
    const blocking = (['ingress', 'egress'] as const).flatMap((direction): readonly Observation[] => {
      const policy = policyThatBlocks(policies, direction, labels, server);
      if (policy === undefined) return [];
      return [
        {
          field: 'spec.template.metadata.labels',
          message: `NetworkPolicy ${quoted(policy.name)} stops ${direction} between the pods at ${server.port}; wanted another NetworkPolicy ${wanted[direction]}.`,
        },
      ];
    });
    return blocking.length > 0 ? blocking : notLookedUp('networkPolicies', facts.networkPolicies.gap);
  },
};

const wanted = {
  ingress: 'with ingress from them',
  // Names are asked for in front of every connection, and a policy about egress closes that too.
  egress: 'with egress to them, and to DNS',
} as const;

/** The first that selects the pods for certain, where none lets them through. */
function policyThatBlocks(
  policies: readonly NetworkPolicyFact[],
  direction: 'ingress' | 'egress',
  labels: JsonObject,
  server: ServerContainer,
): NetworkPolicyFact | undefined {
  const about = policies.filter((policy) => policy[direction] !== undefined);
  const isLetThrough = about
    .filter(({ pods }) => mayMatch(pods, labels))
    .some((policy) => policy[direction]?.some((rule) => letsThrough(rule, labels, server)));
  return isLetThrough ? undefined : about.find(({ pods }) => !isOfOnePod(pods) && matches(pods, labels));
}

function letsThrough({ peers, ports }: NetworkRule, labels: JsonObject, server: ServerContainer): boolean {
  const isAtPort =
    ports === undefined ||
    ports.some(({ from, to }) => {
      const first = typeof from === 'string' ? portNamed(server, from) : (from ?? 0);
      const last = from === undefined ? 65_535 : (to ?? first);
      return first !== undefined && last !== undefined && server.port >= first && server.port <= last;
    });
  return isAtPort && (peers.length === 0 || peers.some((peer) => peer === 'anybody' || mayMatch(peer, labels)));
}

function portNamed({ container }: ServerContainer, name: string): number | undefined {
  return numberAt(
    objectsAt(container, 'ports').find((port) => textAt(port, 'name') === name),
    'containerPort',
  );
}

function mayMatch(selector: LabelSelector, labels: JsonObject): boolean {
  return isOfOnePod(selector) || matches(selector, labels);
}

const labelsOfController: readonly string[] = Object.values(controllerLabels);

function isOfOnePod({ labels, expressions }: LabelSelector): boolean {
  const keys = [...Object.keys(labels), ...expressions.map(({ key }) => key)];
  return keys.some((key) => labelsOfController.includes(key));
}
