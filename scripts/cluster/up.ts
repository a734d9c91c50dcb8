import { mkdirSync } from 'node:fs';
import { clear, leftovers } from './clear.ts';
import { writeConfiguration } from './configuration.ts';
import { startWithoutContainers } from './forget-containers.ts';
import { buildProductImages, buildStandIns, loadImages, productImages } from './images.ts';
import { install, untilInstalled } from './install.ts';
import { kubectlWith } from './kubectl.ts';
import { buildPrograms } from './kubernetes.ts';
import { makeNetwork, startControlPlane, startNode } from './node.ts';
import { requirePackages } from './packages.ts';
import { places } from './places.ts';
import { step } from './step.ts';

/** A cluster with pgusher in it: that of KUBECONFIG, or one of this machine's own, booted anew. */
export async function up(version: string): Promise<void> {
  const foreign = process.env['KUBECONFIG'];
  if (foreign !== undefined && foreign !== places.kubeconfig) {
    await installInto(foreign, version);
    return;
  }
  requirePackages();
  const programs = await step(`Programs of Kubernetes ${version} (minutes the first time)`, () =>
    buildPrograms(version, [
      ...(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const),
      ...(['kubelet', 'kube-proxy', 'coredns', 'pause'] as const),
    ]),
  );
  if (leftovers()) await step('Clearing what an earlier cluster left', () => clear(programs));
  mkdirSync(places.run, { recursive: true, mode: 0o700 });
  await step('Images of PostgreSQL and Node from Debian packages (minutes the first time)', () =>
    buildStandIns(programs),
  );
  await step('Images of pgusher from the Dockerfile', buildProductImages);
  writeConfiguration();
  await step('Network and containerd', async () => {
    await makeNetwork();
    await startWithoutContainers();
  });
  await step('Loading the images that changed', loadImages);
  await step('etcd, kube-apiserver, controllers, scheduler', () => startControlPlane(programs));
  await step('kubelet, kube-proxy, name server, until the node is Ready', () => startNode(programs));
  const kubectl = kubectlWith(places.kubeconfig, version);
  await step('Installing manifests/ as docs/install.md says', () => install(kubectl));
  await step('Until the webhook answers', () => untilInstalled(kubectl));
  console.log(
    `\n  export KUBECONFIG=${places.kubeconfig} PATH=${programs}:$PATH\n  npm run cluster:try\n  npm run cluster:down`,
  );
}

/** Somebody's cluster: kind, minikube, a real one. Nothing of it is changed but what the manifests bring. */
async function installInto(kubeconfig: string, version: string): Promise<void> {
  console.log(
    `KUBECONFIG is set: installing into that cluster. Its nodes must find ${Object.values(productImages).join(' and ')}\n` +
      '(docker build --target webhook|agent, then kind load docker-image, minikube image load, or a registry).',
  );
  const kubectl = kubectlWith(kubeconfig, version);
  await step('Installing manifests/ as docs/install.md says', () => install(kubectl));
  await step('Until the webhook answers', () => untilInstalled(kubectl));
}
