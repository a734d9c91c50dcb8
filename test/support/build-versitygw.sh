#!/bin/sh
# Builds versitygw, an S3 server over a directory, from its Go module.
#
# Runs where:  on a machine with Go, before the tests of object stores.
# Arguments:   $1 directory for the program; $2 version (v1.8.0).
# Environment: what `go` reads (GOPROXY, GOCACHE …).
# Exit codes:  0 the program is there; 2 usage; anything else: go's own.
# Safe twice:  yes; a program that is there is not built again, two at a time wait for each other. Takes minutes cold.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: build-versitygw.sh DIRECTORY VERSION" >&2
  exit 2
fi
directory=$1
version=$2

mkdir -p "$directory/new"
exec 9>"$directory/lock"
flock 9
[ -x "$directory/versitygw" ] && exit 0
CGO_ENABLED=0 GOBIN=$directory/new go install -trimpath -ldflags '-s -w' "github.com/versity/versitygw/cmd/versitygw@$version"
mv "$directory/new/versitygw" "$directory/versitygw"
