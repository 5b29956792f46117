#!/bin/bash
# pyrecord on the Pythons of Debian's suite `sid`: builds in a folder of its own (debootstrap,
# chroot; as root), with the mirror that this machine's apt uses, and holds each against the
# independent tracers.
#
#     make/test-sid.sh [PROGRAM...]      (environment: SID, the folder; VERSIONS)
set -eu
cd "$(dirname "$0")/.."
SID=${SID:-/var/tmp/pyrecord-sid}
VERSIONS=${VERSIONS:-3.14 3.15}
PROGRAMS=${*:-tests/programs/*.py}

if [ "$(id -u)" != 0 ]; then
    echo "test-sid: debootstrap and chroot need root" >&2
    exit 1
fi
command -v debootstrap >/dev/null || apt-get install -y debootstrap

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
    | grep '/debian/$' | sort -u | head -n 1)
if [ ! -e "$SID/etc/debian_version" ]; then
    mkdir -p "$SID"
    debootstrap --variant=minbase sid "$SID" "$mirror"
fi
packages="gcc make libc6-dev protobuf-c-compiler protobuf-compiler libprotobuf-c-dev
    libzstd-dev libxxhash-dev libmd-dev libedit-dev libzip-dev libcmocka-dev"
for version in $VERSIONS; do
    packages="$packages python$version python$version-dev"
done
# A mirror that stands still for some weeks is good enough.
chroot "$SID" apt-get -o Acquire::Check-Valid-Until=false update -q
DEBIAN_FRONTEND=noninteractive chroot "$SID" apt-get install -y -q --no-install-recommends \
    $packages

mkdir -p "$SID/pyrecord"
git ls-files -z | tar -c --null -T - | tar -x -C "$SID/pyrecord"
mountpoint -q "$SID/proc" || mount -t proc proc "$SID/proc"
trap 'umount "$SID/proc"' EXIT

failed=0
for version in $VERSIONS; do
    echo "== Python $version"
    chroot "$SID" make -C /pyrecord -j"$(nproc)" BUILD=build-$version \
        PYTHON=/usr/bin/python$version all build-$version/tests/ctracer \
        build-$version/tests/test_rec_decode
    chroot "$SID" "/pyrecord/build-$version/tests/test_rec_decode" || failed=1
    ln -sfn . "$SID/pyrecord/build-$version/python-$version"
    for program in $PROGRAMS; do
        chroot "$SID" sh -c "cd /pyrecord && BUILD=build-$version python$version \
            tests/oracle/compare.py --version $version $program" || failed=1
    done
done
exit $failed
