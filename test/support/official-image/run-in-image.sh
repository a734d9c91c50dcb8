#!/bin/sh
# Runs a command in a root directory that looks like a container of the official image: this machine's programs read-only,
# the stand-in scripts in /usr/local/bin, and a writable rest that the test keeps.
#
# Runs     as root on Linux:  run-in-image.sh ROOT UID:GID COMMAND ...
#          ROOT is made on the first run; ROOT/volume, ROOT/pgusher, ... are what the container sees at /volume, /pgusher;
#          ROOT/message is its termination message
# Reads    POSTGRES_BIN, the directory of the PostgreSQL programs; IMAGE_SCRIPTS, which stand-ins the image has (all);
#          IMAGE_GROUPS, further groups of the user (none); IMAGE_FILES, the file system that its programs are from (/);
#          IMAGE_TEMPLATES, a folder that it sees at /templates (none; initdb-once.sh);
#          every other variable is handed on
# Exit     of the command
# Safe to run twice: yes; the mounts end with the command (a mount namespace of its own).
set -eu

root=$1
user=$2
shift 2
here=$(cd "${0%/*}" && pwd)
files=${IMAGE_FILES:-}

if [ ! -d "$root/etc" ]; then
  mkdir -p "$root/usr" "$root/proc" "$root/dev" "$root/etc" "$root/local" "$root/docker-entrypoint-initdb.d" "$root/pgusher/bin"
  mkdir -p "$root/volume" "$root/pgusher-replication" "$root/wal" "$root/var/run/postgresql" "$root/tmp"
  for name in bin sbin lib lib32 lib64; do
    [ ! -e "$files/$name" ] || ln -s "usr/$name" "$root/$name"
  done
  mkdir -p "$root/var/lib/postgresql"
  chown 999:999 "$root/var/lib/postgresql"
  chmod 1777 "$root/tmp"
  chmod 3777 "$root/var/run/postgresql"
  printf 'root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\nsomebody:x:54321:0::/:/bin/sh\n1000660000:x:1000660000:0::/:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\npostgres:x:999:\n' >"$root/etc/group"
  cp "$files/etc/ld.so.cache" "$root/etc/"
  for script in ${IMAGE_SCRIPTS:-docker-entrypoint.sh gosu}; do
    install -m 755 "$here/$script" "$root/local/$script"
  done
fi

# shellcheck disable=SC2016 # The inner shell expands it.
# The processes end with the command, as in a container.
exec unshare --mount --propagation private --pid --fork --kill-child sh -eu -c '
  root=$1
  user=$2
  files=$3
  shift 3
  mount --rbind "$files/usr" "$root/usr"
  mount --bind "$root/local" "$root/usr/local/bin"
  if [ -n "${IMAGE_TEMPLATES:-}" ]; then
    mkdir -p "$root/templates"
    mount --bind "$IMAGE_TEMPLATES" "$root/templates"
  fi
  # As a runtime makes it, with the file of the kubelet.
  mount -t tmpfs -o mode=755 dev "$root/dev"
  for device in null zero full random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  ln -s /proc/self/fd "$root/dev/fd"
  mkdir -m 1777 "$root/dev/shm"
  : >"$root/message"
  chmod 666 "$root/message"
  : >"$root/dev/termination-log"
  mount --bind "$root/message" "$root/dev/termination-log"
  mount -t proc proc "$root/proc"
  PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:$POSTGRES_BIN
  export PATH
  exec chroot --userspec="$user" --groups="${IMAGE_GROUPS:-}" "$root" "$@"
' run-in-image "$root" "$user" "$files" "$@"
