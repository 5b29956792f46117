#!/bin/bash
# Lines and branches of schema/ and replayer/core/ that tests reach which assert: the unit
# tests, and the end-to-end tests of the replayer that take seconds. Campaigns, fuzzers'
# corpora and what compares the recorder with Python do not count.
#
#     make/run-coverage.sh           (environment: BUILD, PYTHON)
#
# gcc -O0, and nothing is expanded where it is called, so that a branch is one of the source:
# each condition of && and || counts twice, reached true and reached false, a switch once a
# case. Of the code by hand nothing is left out, neither lines nor branches: what only a
# failed allocation reaches is reached by tests that let each one fail. What protobuf-c
# generates is not counted.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$(realpath "${BUILD:-build}-cov")
PYTHON=${PYTHON:-/usr/bin/python3}
export BUILD PYTHON

# Every bit of files flipped: a campaign, in which nothing is reached first.
LEFT_OUT="test_tf_damage"
E2E="breakpoints cli_batch cli_dump cli_prompt cut errors_replayer expr movement moves_chunks pack
    prompt_dis prompt_session questions questions_words redact_file rp_exceptions rp_repr uncaught
    writes_shell"

find "$BUILD" -name '*.gcda' -delete
failed=0
unit=()
for test in "$BUILD"/tests/test_*; do
    name=${test##*/}
    [ -x "$test" ] && [ -e "tests/unit/$name.c" ] && [[ " $LEFT_OUT " != *" $name "* ]] &&
        unit+=("$test")
done
printf '%s\n' "${unit[@]}" | xargs -P "$(nproc)" -I{} sh -c \
    'timeout 900 {} >{}.log 2>&1 || { echo "$(basename {}) failed: see {}.log"; exit 1; }' ||
    failed=1
files=()
for name in $E2E; do
    files+=("tests/e2e/test_$name.py")
done
"$PYTHON" -m pytest "${files[@]}" -q -m "not full" --timeout 900 -k "not bounds and not characters" \
    </dev/null || failed=1
gcovr -r . --object-directory "$BUILD" -f 'schema/' -f 'replayer/core/' -j "$(nproc)" \
    --json "$BUILD/coverage.json" "$BUILD/obj/schema" "$BUILD/obj/replayer/core" || exit 1
"$PYTHON" make/coverage.py "$BUILD/coverage.json" "$BUILD/coverage.txt" || failed=1
echo "Line by line: $BUILD/coverage.txt"
exit $failed
