#!/bin/sh
# Builds helm from its Go module.
#
# Runs where:  on a machine with Go, before the tests of the chart and for a release.
# Arguments:   $1 directory for the program; $2 version (v4.3.2).
# Environment: what `go` reads (GOPROXY, GOCACHE …).
# Exit codes:  0 the program is there; 2 usage; anything else: go's own.
# Safe twice:  yes; a program that is there is not built again, two at a time wait for each other. Takes minutes cold.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: build-helm.sh DIRECTORY VERSION" >&2
  exit 2
fi
directory=$1
version=$2
major=${version%%.*}

mkdir -p "$directory/new"
exec 9>"$directory/lock"
flock 9
[ -x "$directory/helm" ] && exit 0
# What `helm version` says, and by what charts know the release that renders them. Helm 3 has it in another package than Helm 4.
CGO_ENABLED=0 GOBIN=$directory/new go install -trimpath -ldflags "-s -w \
  -X helm.sh/helm/v3/internal/version.version=$version -X helm.sh/helm/v4/internal/version.version=$version" \
  "helm.sh/helm/$major/cmd/helm@$version"
mv "$directory/new/helm" "$directory/helm"
