#!/bin/bash
# The tests under sanitizers, ending with one line for each kind.
#
#     make/run-san.sh [NAME...]      (environment: BUILD, PYTHON)
#
# $BUILD-tsan: the writer's hand-over under TSan, alone and while programs with threads are
# recorded. $BUILD-san: unit and end-to-end tests under ASan and UBSan, the recorder inside
# Python included; NAMEs: of the end-to-end tests only test_NAME.py. A finding ends the program
# that made it, which fails its test, and stands in $BUILD-san/found.PID.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$(realpath "${BUILD:-build}")
PYTHON=${PYTHON:-/usr/bin/python3}
SAN=$BUILD-san
TSAN=$BUILD-tsan
export PYTHON PYREC_SANITIZED=1 TEST_TIMEOUT=${TEST_TIMEOUT:-400}
failed=0
summary=()

# What is left out of the end-to-end tests, and why:
LEFT_OUT="
bench memory_bounds scaling_sizes                    they measure; a checked build is another one
beside_versions cpython_suite unknown_python versions       other Pythons, with builds of their own
module                      the extension module (in forks, too) would need ASan in a Python that has it not
faults_limits faults_recording power_cut      their libraries take malloc and mmap, as ASan does
agree consistency_states expr mutation_programs oracle_generated walks   campaigns over what others here run through
"

note() { # STATUS TEXT
    [ "$1" = 0 ] || failed=1
    summary+=("$2$([ "$1" = 0 ] || echo ": FAILED")")
}

timed() { # NAME COMMAND... : one line with how it ended and how long it took
    local name=$1 began=$SECONDS log=$SAN/$1.log status
    shift
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    printf '%-28s %5d s  %s\n' "$name" $((SECONDS - began)) "$(grep -v '^ *$' "$log" | tail -n 1)"
    [ $status = 0 ] || tail -n 60 "$log"
    return $status
}

# Address layouts that TSan of gcc 12 does not know: https://github.com/google/sanitizers/issues/1716
hand_over() {
    export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0
    setarch -R "$TSAN/tests/test_rec_writer" || return 1
    local program
    for program in threads raw_threads coroutines; do
        setarch -R "$TSAN/bin/pyrecord" -q --force -o "$TSAN/$program.pyrec" \
            "tests/programs/$program.py" || return 1
    done
    echo "no race"
}

echo "== The writer's hand-over, under TSan"
timed hand-over hand_over
note $? "hand-over under TSan"

# What Python never gives back is not ours, and the recorder lives in its process.
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
SOUND=allocator_may_return_null=1:detect_stack_use_after_return=0:log_path=$SAN/found
rm -f "$SAN"/found.*

echo "== Unit tests, under ASan and UBSan; with leaks where no Python is"
bad=0 count=0
for test in "$SAN"/tests/test_*; do
    name=${test##*/}
    [ -x "$test" ] && [ -e "tests/unit/$name.c" ] || continue
    leaks=1
    [[ $name != test_rec_* ]] || leaks=0
    count=$((count + 1))
    ASAN_OPTIONS=$SOUND:detect_leaks=$leaks timed "$name" timeout 1200 "$test" || bad=$((bad + 1))
done
note $bad "unit tests: $count, $bad failed"

echo "== End to end, under ASan and UBSan"
export ASAN_OPTIONS=$SOUND:detect_leaks=0 BUILD=$SAN
left_out=" $(sed 's/   .*//' <<<"$LEFT_OUT" | tr '\n' ' ') "
bad=0 count=0 began=$SECONDS
for file in tests/e2e/test_*.py; do
    name=${file##*/test_} name=${name%.py}
    if [ $# -gt 0 ]; then
        [[ " $* " = *" $name "* ]] || continue
    elif [[ $left_out = *" $name "* ]]; then
        continue
    fi
    count=$((count + 1))
    timed "$name" timeout 1200 "$PYTHON" -m pytest "$file" -q -m "not full" --timeout 600 \
        -k "not bounds and not interpreter and not test_module" || bad=$((bad + 1))
done
note $bad "end to end: $count files in $((SECONDS - began)) s, $bad failed"
# not what they only warn of: makecontext(), which text is made on
findings=$(grep -lE 'ERROR: |runtime error' "$SAN"/found.* 2>/dev/null | wc -l)
note "$findings" "findings: $findings"

echo
echo "== Left out of the end-to-end tests$LEFT_OUT"
echo "== Summary"
printf '%s\n' "${summary[@]}"
exit $failed
