#!/bin/bash
# The tests under sanitizers, ending with one line for each kind.
#
#     make/run-san.sh                (environment: BUILD, PYTHON)
#
# $BUILD-san: everything under ASan and UBSan, the recorder inside Python included;
# $BUILD-tsan: the writer's hand-over under TSan. A finding ends the program that made it.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}
# What Python never gives back is not ours, and the recorder lives in its process.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1
export PYREC_SANITIZED=1
failed=0

echo "== The writer's hand-over, under TSan"
# Address layouts that TSan of gcc 12 does not know: https://github.com/google/sanitizers/issues/1716
if setarch -R "$BUILD-tsan/tests/test_rec_writer"; then
    tsan="hand-over: no race"
else
    failed=1
    tsan="hand-over: failed"
fi

# The replayer gives back what it takes.
echo "== Leaks of the format library and the core"
leaks=0
for test in "$BUILD"-san/tests/test_{tf,rp}_*; do
    [ -x "$test" ] && [ -e "tests/unit/${test##*/}.c" ] || continue
    ASAN_OPTIONS=detect_leaks=1 timeout 900 "$test" >/dev/null 2>"$BUILD-san/leaks.log" || {
        tail -n 30 "$BUILD-san/leaks.log"
        leaks=$((leaks + 1))
    }
done
[ $leaks = 0 ] || failed=1

BUILD=$BUILD-san make/run-tests.sh || failed=1
echo "$tsan"
echo "leaks: $leaks programs"
exit $failed
