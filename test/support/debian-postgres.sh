#!/bin/sh
# Makes the file system of a Debian suite with the PostgreSQL server and client programs that the suite has.
#
# Runs         on Debian, as root, with debootstrap and debian-archive-keyring installed; by the tests, or by hand:
#                sh test/support/debian-postgres.sh SUITE
# Arguments    SUITE: bullseye (PostgreSQL 13), bookworm (15), trixie (17), sid (the newest that is stable), or experimental: sid
#              with the newest PostgreSQL of Debian experimental, which has release candidates and what was just released
# Environment  PGUSHER_CACHE: where it is kept, ~/.cache/pgusher by default; what apt and debootstrap read
# Prints       the directory of the file system, on stdout; progress on stderr
# Exit         0 it is there; 1 this machine cannot make it, with the reason on stderr; else that of apt-get
# Safe twice   yes. What is there is not made again, two at a time wait for each other, an interrupted run leaves
#              nothing that is taken for a file system. Remove the directory to have newer packages.
#
# Packages come from where apt of this machine gets them, and their signatures are checked.
set -eu

# Raised when what is below makes something else, so that file systems of an earlier one are made anew.
recipe=1
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

stop() {
  printf 'debian-postgres: %s\n' "$1" >&2
  exit 1
}

# An own mount namespace: what debootstrap mounts in there is gone with it, however it ends.
if [ "${1:-}" != unshared ]; then
  [ "$#" -eq 1 ] || stop 'wanted one argument: the name of a Debian suite'
  [ "$(id -u)" = 0 ] || stop 'not root; debootstrap and chroot need root'
  command -v debootstrap >/dev/null || stop 'debootstrap is not installed (apt-get install debootstrap)'
  exec unshare --mount --propagation private sh "$0" unshared "$1"
fi
suite=$2

[ -r "$keyring" ] || stop "$keyring is not there (apt-get install debian-archive-keyring)"
# Experimental is no whole Debian: a few packages to be put upon sid (wiki.debian.org/DebianExperimental).
case $suite in
  experimental) base=sid ;;
  *) base=$suite ;;
esac
[ -e "/usr/share/debootstrap/scripts/$base" ] || stop "debootstrap knows no suite \"$base\""

root=${PGUSHER_CACHE:-$HOME/.cache/pgusher}/debian/$suite
mkdir -p "${root%/*}"
exec 9>"$root.lock"
flock 9
if [ "$(cat "$root/etc/pgusher-recipe" 2>/dev/null)" = "$recipe" ]; then
  printf '%s\n' "$root"
  exit 0
fi

# The release of the machine itself names the mirror; those of updates and security are other archives.
# shellcheck source=/dev/null
codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
mirror=$(apt-get --print-uris update | sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | head -n 1)
if [ -z "$codename" ] || [ -z "$mirror" ]; then
  stop "apt of this machine has no Debian mirror (wanted: a source for ${codename:-its release})"
fi
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
[ -z "${http_proxy:-}" ] || export http_proxy

new=$root.new
rm -rf "$new"
printf 'Making a file system of Debian %s in %s ...\n' "$suite" "$root" >&2
# A download that breaks off is no reason to give up at once; debootstrap begins anew in an empty directory.
tries=3
until debootstrap --variant=minbase --keyring="$keyring" "$base" "$new" "$mirror" >&2; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || stop "Debian $base cannot be had from $mirror"
  umount -l "$new/proc" "$new/sys" 2>/dev/null || :
  rm -rf "$new"
  sleep 5
done

# No service is started in there, no cluster is made, and PostgreSQL runs with the official image's number.
printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
chmod 755 "$new/usr/sbin/policy-rc.d"
mkdir -p "$new/etc/postgresql-common"
printf 'create_main_cluster = false\n' >"$new/etc/postgresql-common/createcluster.conf"
chroot "$new" groupadd --gid 999 postgres
chroot "$new" useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
printf 'path-exclude=/usr/share/%s/*\n' doc man locale >"$new/etc/dpkg/dpkg.cfg.d/without-documentation"
# How this machine reaches the mirror, and whether it takes an archive of an older date.
apt-config dump | grep -E '^Acquire::(http|https|Check-[A-Za-z-]*|Retries)\b' >"$new/etc/apt/apt.conf.d/99machine" || true
# The smallest Debian has no certificates; a mirror with TLS is believed by those of this machine.
trusted=/etc/ssl/certs/ca-certificates.crt
if [ -r "$trusted" ]; then
  cp "$trusted" "$new/etc/machine-certificates.crt"
  printf 'Acquire::https::CaInfo "/etc/machine-certificates.crt";\n' >>"$new/etc/apt/apt.conf.d/99machine"
fi
mount -t proc proc "$new/proc"
apt() {
  DEBIAN_FRONTEND=noninteractive chroot "$new" apt-get -y -qq --no-install-recommends \
    -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "$@" >&2
}
if [ "$base" = "$suite" ]; then
  apt update
  apt install postgresql zstd
else
  printf 'deb %s %s main\n' "$mirror" "$suite" >>"$new/etc/apt/sources.list"
  apt update
  major=$(chroot "$new" apt-cache search --names-only '^postgresql-[0-9]+$' | sed 's/^postgresql-\([0-9]*\) .*/\1/' | sort -n | tail -n 1)
  # By name: `--target-release` would take other things from there too, with which those of sid cannot be installed.
  apt install zstd "postgresql-$major/$suite" "postgresql-client-$major/$suite" "libpq5/$suite" ||
    stop "Debian $suite has no PostgreSQL $major"
fi
umount "$new/proc"
chroot "$new" apt-get clean
rm -rf "$new"/var/lib/apt/lists/* "$new"/var/cache/apt/*.bin
printf '%s\n' "$recipe" >"$new/etc/pgusher-recipe"

rm -rf "$root"
mv "$new" "$root"
printf '%s\n' "$root"
