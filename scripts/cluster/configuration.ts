import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, kubeconfigOf } from './credentials.ts';
import { network, places, ports } from './places.ts';

/** Configuration files of the programs of the node. */

export const pauseImage = 'docker.io/pgusher/pause:1';
export const containerdSocket = join(places.sockets, 'containerd.sock');

export const files = {
  containerd: join(places.run, 'containerd.toml'),
  kubelet: join(places.run, 'kubelet.yaml'),
  dns: join(places.run, 'Corefile'),
  /** What net.ipv4.ip_forward was before. */
  forwarding: join(places.run, 'ip_forward'),
} as const;

const pluginNetwork = join(places.run, 'cni');

/** restrict_oom_score_adj: without CAP_SYS_RESOURCE runc ends with "can't get final child's PID from pipe: EOF". */
const containerd = `version = 2
root = "${places.containerd}"
state = "${join(places.sockets, 'containerd')}"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "${pauseImage}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${pluginNetwork}"
`;

/** The node's address lies on the bridge of the pods, since not every kernel has dummy devices. */
const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pgusher',
  plugins: [
    {
      type: 'bridge',
      bridge: network.bridge,
      isGateway: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(places.run, 'addresses'),
        ranges: [[{ subnet: network.pods }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

const kubelet = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: credentials.authority },
  },
  authorization: { mode: 'Webhook' },
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [network.dnsService],
  clusterDomain: 'cluster.local',
  containerRuntimeEndpoint: `unix://${containerdSocket}`,
  resolvConf: '',
  port: ports.kubelet,
  healthzPort: 0,
  // A test machine's disk is often full; images are never thrown away.
  evictionHard: { 'nodefs.available': '1%', 'imagefs.available': '1%' },
  imageGCHighThresholdPercent: 100,
};

const dns = `.:${ports.dns} {
  bind ${network.node}
  errors
  kubernetes cluster.local {
    endpoint https://127.0.0.1:${ports.apiserver}
    kubeconfig ${kubeconfigOf('admin')}
    ttl 5
  }
  cache 5
}
`;

export function writeConfiguration(): void {
  mkdirSync(pluginNetwork, { recursive: true });
  writeFileSync(files.containerd, containerd);
  writeFileSync(files.kubelet, JSON.stringify(kubelet));
  writeFileSync(files.dns, dns);
  writeFileSync(join(pluginNetwork, '10-pgusher.conflist'), JSON.stringify(podNetwork));
}
