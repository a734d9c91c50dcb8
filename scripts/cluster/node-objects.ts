import { network, ports } from './places.ts';

/** What a cluster brings with it: a name server and classes of storage. As a list for `kubectl apply`. */
export function objectsOfTheNode(): string {
  const labels = { 'kubernetes.io/service-name': 'kube-dns' };
  const dnsPorts = [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
  ];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'kube-dns', namespace: 'kube-system' },
        spec: { clusterIP: network.dnsService, ports: dnsPorts },
      },
      {
        // CoreDNS is no pod: nothing else has to be up for names to be found.
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 'kube-dns-node', namespace: 'kube-system', labels },
        addressType: 'IPv4',
        endpoints: [{ addresses: [network.node], conditions: { ready: true } }],
        ports: dnsPorts.map((port) => ({ ...port, port: ports.dns })),
      },
      storageClass('standard', { 'storageclass.kubernetes.io/is-default-class': 'true' }),
      // examples/hardened.yaml has its data on another class than its backups.
      storageClass('fast', {}),
    ],
  });
}

/** Volumes of volume-provisioner.ts. They go with their claim, as those of clouds do. */
function storageClass(name: string, annotations: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations },
    provisioner: provisionerName,
    volumeBindingMode: 'WaitForFirstConsumer',
    reclaimPolicy: 'Delete',
  };
}

export const provisionerName = 'pgusher.invalid/directory';
