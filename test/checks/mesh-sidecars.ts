import { isObject, objectsAt } from '../../src/workload/json.ts';
import type { JsonObject } from '../../src/workload/json.ts';

/** What service meshes add to a pod, in the shapes that their injectors give it (`istioctl kube-inject`, `linkerd inject --manual`). */
export interface Mesh {
  readonly title: string;
  readonly into: (pod: JsonObject) => JsonObject;
}

const istioImage = 'docker.io/istio/proxyv2:1.27.1';

const istioProxy: JsonObject = {
  name: 'istio-proxy',
  image: istioImage,
  args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local', '--log_output_level=default:info'],
  ports: [{ containerPort: 15090, name: 'http-envoy-prom', protocol: 'TCP' }],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'PROXY_CONFIG', value: '{"holdApplicationUntilProxyStarts":true}\n' },
    { name: 'ISTIO_META_POD_PORTS', value: '[{"name":"postgres","containerPort":5432,"protocol":"TCP"}]' },
    { name: 'ISTIO_META_APP_CONTAINERS', value: 'postgres' },
    { name: 'TRUST_DOMAIN', value: 'cluster.local' },
  ],
  lifecycle: { postStart: { exec: { command: ['pilot-agent', 'wait'] } } },
  readinessProbe: { httpGet: { path: '/healthz/ready', port: 15021 }, periodSeconds: 15, failureThreshold: 4 },
  startupProbe: { httpGet: { path: '/healthz/ready', port: 15021 }, periodSeconds: 1, failureThreshold: 600 },
  resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 1337,
    runAsNonRoot: true,
    runAsUser: 1337,
  },
  volumeMounts: [
    { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
    { name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio' },
    { name: 'istio-data', mountPath: '/var/lib/istio/data' },
    { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
  ],
};

const istioInit: JsonObject = {
  name: 'istio-init',
  image: istioImage,
  args: ['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337', '-m', 'REDIRECT', '-i', '*', '-x', ''],
  securityContext: {
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
    runAsUser: 0,
    runAsNonRoot: false,
    privileged: false,
  },
};

const istioVolumes: readonly JsonObject[] = [
  { name: 'workload-socket', emptyDir: {} },
  { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
  { name: 'istio-data', emptyDir: {} },
  {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { audience: 'istio-ca', expirationSeconds: 43200, path: 'istio-token' } }],
    },
  },
  { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
];

const linkerdProxy: JsonObject = {
  name: 'linkerd-proxy',
  image: 'cr.l5d.io/linkerd/proxy:edge-25.10.2',
  env: [
    { name: '_pod_name', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: '_pod_ns', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION', value: '25,587,3306,4444,5432,6379,9300,11211' },
    { name: 'LINKERD2_PROXY_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/tokens/linkerd-identity-token' },
    {
      name: 'LINKERD2_PROXY_DESTINATION_CONTEXT',
      value: '{"ns":"$(_pod_ns)", "nodeName":"x", "pod":"$(_pod_name)"}\n',
    },
  ],
  ports: [
    { containerPort: 4143, name: 'linkerd-proxy' },
    { containerPort: 4191, name: 'linkerd-admin' },
  ],
  livenessProbe: { httpGet: { path: '/live', port: 4191 }, initialDelaySeconds: 10, timeoutSeconds: 1 },
  readinessProbe: { httpGet: { path: '/ready', port: 4191 }, initialDelaySeconds: 2, timeoutSeconds: 1 },
  startupProbe: { httpGet: { path: '/ready', port: 4191 }, periodSeconds: 1, failureThreshold: 120 },
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 2102,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  volumeMounts: [
    { name: 'linkerd-identity-end-entity', mountPath: '/var/run/linkerd/identity/end-entity' },
    { name: 'linkerd-identity-token', mountPath: '/var/run/secrets/tokens' },
  ],
};

const linkerdInit: JsonObject = {
  name: 'linkerd-init',
  image: 'cr.l5d.io/linkerd/proxy-init:v2.4.3',
  args: ['--ipv6=false', '--incoming-proxy-port', '4143', '--outgoing-proxy-port', '4140', '--proxy-uid', '2102'],
  securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] }, runAsNonRoot: true, runAsUser: 65534 },
  volumeMounts: [{ name: 'linkerd-proxy-init-xtables-lock', mountPath: '/run' }],
};

const linkerdVolumes: readonly JsonObject[] = [
  { name: 'linkerd-proxy-init-xtables-lock', emptyDir: {} },
  { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  {
    name: 'linkerd-identity-token',
    projected: { sources: [{ serviceAccountToken: { audience: 'identity.l5d.io', path: 'linkerd-identity-token' } }] },
  },
];

/** The proxy that a mesh adds, where in the pod, and what comes with it. */
function mesh(
  title: string,
  parts: {
    readonly first: readonly JsonObject[];
    readonly init: readonly JsonObject[];
    readonly last: readonly JsonObject[];
    readonly volumes: readonly JsonObject[];
  },
): Mesh {
  return {
    title,
    into: (pod) => ({
      ...pod,
      initContainers: [...parts.init, ...objectsAt(pod, 'initContainers')],
      containers: [...parts.first, ...objectsAt(pod, 'containers'), ...parts.last],
      volumes: [...objectsAt(pod, 'volumes'), ...parts.volumes],
    }),
  };
}

const native = (proxy: JsonObject): JsonObject => ({ ...proxy, restartPolicy: 'Always' });

export const meshes: readonly Mesh[] = [
  mesh('Istio, behind the others', { first: [], init: [istioInit], last: [istioProxy], volumes: istioVolumes }),
  mesh('Istio, before the others (holdApplicationUntilProxyStarts)', {
    first: [istioProxy],
    init: [istioInit],
    last: [],
    volumes: istioVolumes,
  }),
  mesh('Istio as a native sidecar', {
    first: [],
    init: [istioInit, native(istioProxy)],
    last: [],
    volumes: istioVolumes,
  }),
  mesh('Linkerd', { first: [linkerdProxy], init: [linkerdInit], last: [], volumes: linkerdVolumes }),
  mesh('Linkerd as a native sidecar', {
    first: [],
    init: [linkerdInit, native(linkerdProxy)],
    last: [],
    volumes: linkerdVolumes,
  }),
];

/** Lists that are written as something else are left to the check that refuses them. */
export function canTakeSidecars(pod: JsonObject): boolean {
  return ['containers', 'initContainers', 'volumes'].every((key) => {
    const list = pod[key] ?? [];
    return Array.isArray(list) && list.every(isObject);
  });
}
