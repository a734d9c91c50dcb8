#!/bin/sh
# Builds an image that stands in for one of a registry, from the file system of a Debian suite (test/support/debian-postgres.sh).
#
# Runs where:  as root, from images.ts.
# Arguments:   postgres NAME ROOT MAJOR    the official postgres image, as far as test/support/official-image goes
#              node NAME ROOT NODE NPM     the official node image: NODE is the program, NPM the folder of npm
#              pause NAME PROGRAM          what holds a pod's namespaces
#              next NAME FROM THIS NEXT    the webhook's image with another version in it, which renders another startup probe
# Environment: CONTAINERS_STORAGE_CONF, where buildah keeps images.
# Exit codes:  0 the image is there; 2 usage; anything else: buildah's own.
# Safe twice:  yes; the name moves to the new image.
set -eu

scripts=$(cd "${0%/*}/../../test/support/official-image" && pwd)

container=
trap '[ -z "$container" ] || buildah rm "$container" >/dev/null' EXIT

# from_suite ROOT: a container on the suite's file system, which is an image of its own, since several have it below.
from_suite() {
  base=localhost/pgusher-debian:${1##*/}-$(cksum <"$1/var/lib/dpkg/status" | cut -d ' ' -f 1)
  if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$1" / >/dev/null
    buildah commit --quiet "$container" "$base" >/dev/null
    buildah rm "$container" >/dev/null
  fi
  container=$(buildah from --pull-never "$base")
  mounted=$(buildah mount "$container")
}

commit() {
  buildah commit --quiet "$container" "$1" >/dev/null
}

case ${1:-} in
postgres)
  major=$4
  from_suite "$3"
  install -m 755 "$scripts/docker-entrypoint.sh" "$scripts/gosu" "$mounted/usr/local/bin/"
  # Not /var/run: behind that symbolic link lies the machine's own.
  rm -rf "$mounted/var/lib/postgresql"
  mkdir -p "$mounted/docker-entrypoint-initdb.d" "$mounted/run/postgresql" "$mounted/var/lib/postgresql/data"
  chown 999:999 "$mounted/run/postgresql" "$mounted/var/lib/postgresql" "$mounted/var/lib/postgresql/data"
  chmod 3777 "$mounted/run/postgresql"
  chmod 1777 "$mounted/var/lib/postgresql/data"
  sed -i "s/^#*listen_addresses .*/listen_addresses = '*'/" "$mounted/usr/share/postgresql/$major/postgresql.conf.sample"
  buildah config --stop-signal SIGINT --port 5432 --volume /var/lib/postgresql/data \
    --entrypoint '["docker-entrypoint.sh"]' --cmd postgres \
    --env "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/$major/bin" \
    --env "PG_MAJOR=$major" --env LANG=C.UTF-8 --env PGDATA=/var/lib/postgresql/data "$container"
  commit "$2"
  ;;
node)
  from_suite "$3"
  install -m 755 "$4" "$mounted/usr/local/bin/node"
  mkdir -p "$mounted/usr/local/lib/node_modules"
  cp -R "$5" "$mounted/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$mounted/usr/local/bin/npm"
  buildah config --cmd node "$container"
  commit "$2"
  ;;
pause)
  container=$(buildah from scratch)
  buildah copy --quiet "$container" "$3" /pause >/dev/null
  buildah config --entrypoint '["/pause"]' "$container"
  commit "$2"
  ;;
next)
  container=$(buildah from --pull-never "$3")
  mounted=$(buildah mount "$container")
  find "$mounted/opt/pgusher/dist" -name '*.js' -exec sed -i \
    -e "s/\(const version = \|[!=]== \)\"$4\"/\1\"$5\"/" -e 's|= 3600 / periodSeconds|= 3602 / periodSeconds|' {} +
  grep -rqF "const version = \"$5\"" "$mounted/opt/pgusher/dist"
  grep -rqF '= 3602 / periodSeconds' "$mounted/opt/pgusher/dist"
  commit "$2"
  ;;
*)
  echo 'usage: stand-in-image.sh postgres|node|pause|next NAME ...' >&2
  exit 2
  ;;
esac
