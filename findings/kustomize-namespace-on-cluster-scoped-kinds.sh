#!/bin/sh
# `namespace:` in a kustomization writes a namespace onto cluster-scoped objects of kinds that have none, where the kind is newer than the
# list that kustomize carries.
#
# Package:   sigs.k8s.io/kustomize/kustomize/v5 v5.8.2 (Go module).
# Guess:     the namespace transformer knows which built-in kinds are cluster-scoped, as it does for ClusterRole; FlowSchema has been one since
#            Kubernetes 1.18 and is v1 since 1.29.
# Seen:      ClusterRole, ValidatingWebhookConfiguration and ValidatingAdmissionPolicy stay without a namespace; FlowSchema,
#            MutatingAdmissionPolicy, DeviceClass, VolumeAttributesClass, ServiceCIDR and IPAddress get one. (The kustomize inside of kubectl
#            1.37.2 also gives one to ValidatingAdmissionPolicy.) `kubectl apply` takes it off again, so nobody sees it there.
# So:        whoever compares what was rendered with what is stored, or finds objects by namespace and name, meets a namespace that the
#            cluster does not have. Namespaces stand in the objects, or what is rendered is compared without them for cluster-scoped kinds.
#
# Runs where:  Linux with Go 1.25 or newer and the Go module proxy, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2

printf 'namespace: shop\nresources: [objects.yaml]\n' >kustomization.yaml
while read -r version kind; do
  printf -- '---\napiVersion: %s\nkind: %s\nmetadata:\n  name: one\n' "$version" "$kind"
done >objects.yaml <<'KINDS'
rbac.authorization.k8s.io/v1 ClusterRole
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy
flowcontrol.apiserver.k8s.io/v1 FlowSchema
admissionregistration.k8s.io/v1 MutatingAdmissionPolicy
resource.k8s.io/v1 DeviceClass
storage.k8s.io/v1 VolumeAttributesClass
networking.k8s.io/v1 ServiceCIDR
networking.k8s.io/v1 IPAddress
KINDS

./kustomize build . | awk '
  /^kind:/ { kind = $2; seen[kind] = "no namespace" }
  /^  namespace:/ { seen[kind] = "namespace " $2 }
  END { for (kind in seen) print kind ": " seen[kind] }' | sort | tee seen
cat >wanted <<'WANTED'
ClusterRole: no namespace
DeviceClass: namespace shop
FlowSchema: namespace shop
IPAddress: namespace shop
MutatingAdmissionPolicy: namespace shop
ServiceCIDR: namespace shop
ValidatingAdmissionPolicy: no namespace
ValidatingWebhookConfiguration: no namespace
VolumeAttributesClass: namespace shop
WANTED
LC_ALL=C sort -o seen seen
diff wanted seen
