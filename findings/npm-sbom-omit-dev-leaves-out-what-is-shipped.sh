#!/bin/sh
# `npm sbom --omit dev` leaves out a package that is shipped, where a development dependency depends on it too.
#
# Package:   npm 11.19.1 (the same with 10.9.4); ms 2.1.3 and debug 4.4.3 for the example.
# Guess:     the bill of materials without development dependencies has what `npm install --omit=dev` installs and `npm ls --omit=dev` lists,
#            a direct dependency above all.
# Seen:      ms is a dependency, and debug, a development dependency, depends on ms. `npm install --omit=dev` installs ms and `npm ls` lists it;
#            the bill of materials, CycloneDX and SPDX alike, does not have it. Without `--omit dev` both are in it, and only debug is marked
#            as "cdx:npm:package:development".
# So:        whoever looks up vulnerabilities by such a list does not look up what he ships. Make the whole list, and leave out what is marked.
#
# Runs where:  Linux with npm and Node 20 or newer, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir npm shop
echo '{"private":true}' >npm/package.json
(cd npm && npm install --silent --no-audit --no-fund npm@11.19.1)
pinned() { "$folder/npm/node_modules/.bin/npm" --no-audit --no-fund --no-update-notifier "$@"; }

cd shop
echo '{"name":"shop","version":"1.0.0","dependencies":{"ms":"2.1.3"},"devDependencies":{"debug":"4.4.3"}}' >package.json
pinned install --silent

fail() {
  echo "otherwise than said: $1" >&2
  exit 1
}
list() { grep -o 'pkg:npm/[a-z]*@[0-9.]*' | sort -u | tr '\n' ' '; }

echo "npm $(pinned --version)"
listed=$(pinned ls --omit=dev --parseable)
case $listed in *node_modules/ms*) ;; *) fail 'npm ls --omit=dev does not list ms' ;; esac
for format in cyclonedx spdx; do
  without=$(pinned sbom --sbom-format "$format" --omit dev | list)
  whole=$(pinned sbom --sbom-format "$format" | list)
  echo "$format, whole:      $whole"
  echo "$format, --omit dev: $without"
  [ "$whole" = 'pkg:npm/debug@4.4.3 pkg:npm/ms@2.1.3 pkg:npm/shop@1.0.0 ' ] || fail "the whole list is $whole"
  [ "$without" = 'pkg:npm/shop@1.0.0 ' ] || fail "without development dependencies it is $without"
done
rm -rf node_modules
pinned install --silent --omit=dev
[ -d node_modules/ms ] || fail 'npm install --omit=dev did not install ms'
echo 'npm install --omit=dev installs ms all the same'
