#!/bin/sh
# Builds etcd, kube-apiserver, kube-controller-manager and kubectl from their Go modules.
#
# Runs where:  on a machine with Go, by hand or from control-plane.ts before the apiserver tests.
# Arguments:   $1 directory for the programs; $2 Kubernetes version (v1.34.4).
# Environment: what `go` reads (GOPROXY, GOCACHE …).
# Exit codes:  0 the four programs are there; 2 usage; anything else: go's own.
# Safe twice:  yes; programs that are there already are not built again. Takes minutes cold, seconds with a warm cache.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: build-control-plane.sh DIRECTORY VERSION" >&2
  exit 2
fi
directory=$1
version=$2
# Kubernetes' own libraries are published as v0.<minor>.<patch> of the same release.
staging=v0.${version#v1.}
etcd=v3.6.5

complete=yes
for program in etcd kube-apiserver kube-controller-manager kubectl; do
  [ -x "$directory/$program" ] || complete=no
done
[ "$complete" = no ] || exit 0

mkdir -p "$directory/source"
cd "$directory/source"

# k8s.io/kubernetes replaces its staging modules by relative paths, which only hold inside its own tree:
# read which ones they are and replace each by the published version.
rm -f go.mod go.sum
go mod init control-plane.invalid/programs
module=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
{
  echo 'module control-plane.invalid/programs'
  echo
  sed -n 's/^go /go /p' "$module/go.mod"
  echo
  echo "require go.etcd.io/etcd/server/v3 $etcd"
  echo "require k8s.io/kubernetes $version"
  sed -n 's/^[[:space:]]*\(k8s.io\/[a-z-]*\) => .\/staging.*$/\1/p' "$module/go.mod" |
    while read -r name; do echo "replace $name => $name $staging"; done
} > go.mod
cat > programs.go <<'EOF'
//go:build tools

package programs

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
EOF
go mod tidy -e

minor=${version#v1.}
minor=${minor%%.*}
set -- -s -w -X "k8s.io/component-base/version.gitVersion=$version" -X k8s.io/component-base/version.gitMajor=1 \
  -X "k8s.io/component-base/version.gitMinor=$minor"
# One at a time: the linker needs a gigabyte for each.
for program in kube-apiserver kube-controller-manager kubectl; do
  CGO_ENABLED=0 go build -trimpath -ldflags "$*" -o "$directory/$program.new" "k8s.io/kubernetes/cmd/$program"
  mv "$directory/$program.new" "$directory/$program"
done
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$directory/etcd.new" go.etcd.io/etcd/server/v3
mv "$directory/etcd.new" "$directory/etcd"
