#!/bin/sh
# Installs Azurite, Microsoft's test server for Azure Storage, from its npm package.
#
# Runs where:  on a machine with npm, before the tests of object stores. Not a dependency of this package: with what it brings along it is larger
#              than all others together.
# Arguments:   $1 directory for the package; $2 version (3.37.0).
# Environment: what `npm` reads.
# Exit codes:  0 it is there; 2 usage; anything else: npm's own.
# Safe twice:  yes; what is there is not installed again, two at a time wait for each other.
set -eu

if [ "$#" -ne 2 ]; then
  echo "usage: install-azurite.sh DIRECTORY VERSION" >&2
  exit 2
fi
directory=$1
version=$2

mkdir -p "$directory"
exec 9>"$directory/lock"
flock 9
[ -e "$directory/done" ] && exit 0
npm install --prefix "$directory" --ignore-scripts --no-audit --no-fund --no-save "azurite@$version"
touch "$directory/done"
