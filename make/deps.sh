#!/bin/sh
# Says which of the packages in `make/packages` are missing, and installs them.
#
#     make/deps.sh GROUP...        (environment: PYTHON, CC, NO_INSTALL=1 only lists)
set -eu
here=$(dirname "$0")
PYTHON=${PYTHON:-/usr/bin/python3}
CC=${CC:-gcc}

present() { # WHAT
    case $1 in
    'cmd:$PYTHON') command -v "$PYTHON" ;;
    cmd:*) command -v "${1#cmd:}" ;;
    hdr:stdio.h) echo '#include <stdio.h>' | "$CC" -E - ;;
    hdr:*) printf '#include <stddef.h>\n#include <stdint.h>\n#include <%s>\n' "${1#hdr:}" |
        "$CC" -E - ;;
    pym:*) "$PYTHON" -c 'import importlib.util, sys
sys.exit(not importlib.util.find_spec(sys.argv[1]))' "${1#pym:}" ;;
    fuz:) echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang-14 -fsanitize=fuzzer,address -x c - -o /dev/null ;;
    pyd:) "$PYTHON" "$here/pyconfig.py" "$CC" ;;
    *) echo "make/packages: what is '$1'?" >&2; exit 2 ;;
    esac >/dev/null 2>&1
}

missing=
while read -r group what package; do
    case " $* " in
    *" $group "*) present "$what" || missing="$missing $package" ;;
    esac
done <"$here/packages"

if [ -z "$missing" ]; then
    exit 0
fi
echo "Missing Debian packages:"
for package in $missing; do
    echo "    $package" | sed 's/|/ (or /; t end; b; :end s/$/)/'
done
if [ -n "${NO_INSTALL:-}" ]; then
    exit 1
fi
if ! command -v apt-get >/dev/null || ! command -v apt-cache >/dev/null; then
    echo "This is no Debian system: install what corresponds to them and try again." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Install them as root (there is no sudo here) and try again." >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing them with ${as_root:+$as_root }apt-get."
$as_root apt-get update -q
chosen=
for package in $missing; do
    first=${package%%|*}
    if ! apt-cache show "$first" >/dev/null 2>&1; then
        first=${package##*|}
    fi
    chosen="$chosen $first"
done
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends $chosen
