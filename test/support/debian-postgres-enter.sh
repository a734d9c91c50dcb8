#!/bin/sh
# Runs a program in a file system of debian-postgres.sh as a container would: its own /tmp, /dev/shm and mounts, the
# machine's network and processes.
#
# Runs         on Linux, as root; the program has the process id that this was started with:
#                sh debian-postgres-enter.sh ROOT UID:GID [SOURCE=TARGET ...] -- PROGRAM [ARGUMENT ...]
# Arguments    ROOT: the file system; UID:GID: who the program is, in numbers; SOURCE=TARGET: a directory or file of the
#              machine, and the absolute path where the program sees it
# Environment  is the program's
# Exit         that of the program; 1 where a mount cannot be made
# Safe twice   yes, also at the same time. The mounts are in a namespace of their own, which ends with the program, however it ends.
set -eu

if [ "$1" != unshared ]; then
  exec unshare --mount --propagation private /bin/sh "$0" unshared "$@"
fi
root=$(realpath "$2")
owner=$3
shift 3

mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
while [ "$1" != -- ]; do
  source=${1%%=*}
  target=$root${1#*=}
  # A symbolic link in there is read from the machine's root: /var/run would be the machine's /run.
  if [ "$(realpath -m "$target")" != "$target" ]; then
    printf 'debian-postgres-enter: %s is behind a symbolic link; wanted the real path\n' "${1#*=}" >&2
    exit 1
  fi
  if [ -d "$source" ]; then
    mkdir -p "$target"
  else
    mkdir -p "${target%/*}"
    [ -e "$target" ] || : >"$target"
  fi
  mount --bind "$source" "$target"
  shift
done
shift

# The program ends when who started it is gone: a test run that is killed leaves no server behind.
exec chroot --userspec="$owner" --groups="${owner#*:}" "$root" /usr/bin/setpriv --pdeathsig KILL -- "$@"
