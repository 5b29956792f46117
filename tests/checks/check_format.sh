#!/bin/bash
# All C sources are as .clang-format has them, where there is a clang-format of the version
# that the project uses (another one breaks lines elsewhere).
set -eu
cd "$(dirname "$0")/../.."
tool=$(command -v clang-format-14 || command -v clang-format || true)
case $([ -n "$tool" ] && "$tool" --version) in
*version\ 14.*) ;;
*)
    echo "not checked: there is no clang-format 14"
    exit 0
    ;;
esac
badly=$(mktemp -d)
trap 'rm -r "$badly"' EXIT
cp .clang-format "$badly"
echo 'int  main( ){return 0 ;}' >"$badly/x.c"
if "$tool" --dry-run --Werror "$badly/x.c" 2>/dev/null; then
    echo "the check itself is broken: it lets a badly formatted file pass"
    exit 1
fi
git ls-files -z '*.c' '*.h' | xargs -0 "$tool" --dry-run --Werror
echo "$(git ls-files '*.c' '*.h' | wc -l) sources are formatted"
