#!/bin/bash
# Lines and branches of schema/ and replayer/core/ that the tests reach, from those that
# assert: the unit tests, and what runs the programs end to end. The fuzzers' corpora and
# the oracle's long comparisons do not count.
#
#     make/run-coverage.sh           (environment: BUILD, PYTHON)
#
# gcc -O0, so that a branch is one of the source: each condition of && and || counts twice,
# reached true and reached false, a switch once a case. Nothing is left out, neither lines nor branches:
# what only a failed allocation reaches is reached by tests that let each one fail.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$(realpath "${BUILD:-build}-cov")
PYTHON=${PYTHON:-/usr/bin/python3}
export BUILD PYTHON
find "$BUILD" -name '*.gcda' -delete
failed=0
for test in "$BUILD"/tests/test_*; do
    [ -x "$test" ] && [ -e "tests/unit/${test##*/}.c" ] || continue
    timeout 1800 "$test" >"$BUILD/unit.log" 2>&1 || { echo "${test##*/} failed"; failed=1; }
done
"$PYTHON" -m pytest tests -q -m "not full" --timeout 1200 -k "not oracle and not transparent \
    and not memory_bounds and not bench and not scaling and not fz and not corpus \
    and not changed_content and not every_bit" </dev/null || failed=1
gcovr -r . --object-directory "$BUILD" -f 'schema/' -f 'replayer/core/' \
    --txt "$BUILD/lines.txt" --json-summary "$BUILD/summary.json" "$BUILD" &&
    gcovr -r . --object-directory "$BUILD" -f 'schema/' -f 'replayer/core/' --branches \
        --txt "$BUILD/branches.txt" "$BUILD" || exit 1
"$PYTHON" make/coverage.py "$BUILD/summary.json" || failed=1
echo "What is not reached: $BUILD/lines.txt, $BUILD/branches.txt"
exit $failed
