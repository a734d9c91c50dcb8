#!/bin/sh
# Builds programs of Kubernetes, etcd and CoreDNS from their Go modules.
#
# Runs where:  on a machine with Go, by hand, from `npm run cluster:up` and before the apiserver tests.
# Arguments:   $1 directory for the programs; $2 Kubernetes version (v1.37.2); then the programs that are wanted:
#              etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl coredns pause
# Environment: what `go` reads (GOPROXY, GOCACHE …).
# Exit codes:  0 the programs are there; 2 usage; anything else: go's own.
# Safe twice:  yes; programs that are there already are not built again, two at a time wait for each other. Takes minutes
#              cold, seconds with a warm cache.
set -eu

if [ "$#" -lt 3 ]; then
  echo "usage: build-kubernetes.sh DIRECTORY VERSION PROGRAM..." >&2
  exit 2
fi
directory=$1
version=$2
shift 2
# Kubernetes' own libraries are published as v0.<minor>.<patch> of the same release.
staging=v0.${version#v1.}
etcd=v3.6.5
coredns=v1.15.0

mkdir -p "$directory/source" "$directory/coredns-source" "$directory/pause-source"
exec 9>"$directory/lock"
flock 9
kubernetes=
for program in "$@"; do
  [ -x "$directory/$program" ] && continue
  case $program in
  coredns) build_coredns=yes ;;
  pause) build_pause=yes ;;
  *) kubernetes="$kubernetes $program" ;;
  esac
done

if [ -n "$kubernetes" ]; then
  cd "$directory/source"
  # k8s.io/kubernetes replaces its staging modules by relative paths, which only hold inside its own tree:
  # read which ones they are and replace each by the published version.
  rm -f go.mod go.sum
  go mod init kubernetes.invalid/programs
  module=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
  {
    echo 'module kubernetes.invalid/programs'
    echo
    sed -n 's/^go /go /p' "$module/go.mod"
    echo
    echo "require go.etcd.io/etcd/server/v3 $etcd"
    echo "require k8s.io/kubernetes $version"
    sed -n 's/^[[:space:]]*\(k8s.io\/[a-z-]*\) => .\/staging.*$/\1/p' "$module/go.mod" |
      while read -r name; do echo "replace $name => $name $staging"; done
  } >go.mod
  cat >programs.go <<'EOF'
//go:build tools

package programs

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
EOF
  go mod tidy -e

  minor=${version#v1.}
  minor=${minor%%.*}
  # One at a time: the linker needs a gigabyte for each.
  for program in $kubernetes; do
    case $program in
    etcd) package=go.etcd.io/etcd/server/v3 ;;
    *) package=k8s.io/kubernetes/cmd/$program ;;
    esac
    CGO_ENABLED=0 go build -trimpath -o "$directory/$program.new" -ldflags "-s -w \
      -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1 \
      -X k8s.io/component-base/version.gitMinor=$minor" "$package"
    mv "$directory/$program.new" "$directory/$program"
  done
fi

if [ -n "${build_coredns:-}" ]; then
  cd "$directory/coredns-source"
  rm -f go.mod go.sum
  cat >main.go <<'EOF'
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() { coremain.Run() }
EOF
  go mod init kubernetes.invalid/coredns
  go get "github.com/coredns/coredns@$coredns"
  go mod tidy -e
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$directory/coredns.new" .
  mv "$directory/coredns.new" "$directory/coredns"
fi

# What holds a pod's namespaces. Nobody's process becomes its child, as pods do not share a process namespace here.
if [ -n "${build_pause:-}" ]; then
  cd "$directory/pause-source"
  cat >main.go <<'EOF'
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
EOF
  [ -f go.mod ] || go mod init kubernetes.invalid/pause
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$directory/pause.new" .
  mv "$directory/pause.new" "$directory/pause"
fi
