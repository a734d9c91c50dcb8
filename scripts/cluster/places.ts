import { join } from 'node:path';
import { cache } from './kubernetes.ts';

/** Where the cluster on this machine keeps what it has. Only one can run at a time: the network and the ports are fixed. */
const cluster = join(cache, 'cluster');

export const places = {
  /** One run: keys, logs, process ids, etcd. Removed by `down`. */
  run: join(cluster, 'run'),
  kubeconfig: join(cluster, 'run', 'admin.kubeconfig'),
  /** One directory for each volume. Removed by `down`. */
  volumes: join(cluster, 'volumes'),
  /** containerd's images and layers; kept, since unpacking them takes longest. */
  containerd: join(cluster, 'containerd'),
  /** Those of the builder; kept. */
  storage: join(cluster, 'storage'),
  /** What was saved of scenarios that failed; kept. */
  failures: join(cluster, 'failures'),
  /** Short, since the path of a socket has at most 107 characters. */
  sockets: '/run/pgusher-cluster',
} as const;

export const network = {
  bridge: 'pgusher0',
  node: '10.78.0.1',
  pods: '10.78.0.0/24',
  services: '10.79.0.0/24',
  kubernetesService: '10.79.0.1',
  dnsService: '10.79.0.10',
} as const;

/** None of those that kubelet, kind, k3s, minikube or `npm start` use. */
export const ports = {
  apiserver: 26443,
  etcd: 22379,
  etcdPeer: 22380,
  kubelet: 20250,
  proxyHealth: 20256,
  proxyMetrics: 20249,
  dns: 21053,
} as const;
