#!/bin/bash
# Runs the fuzzers, one after the other, and ends with one line for each.
#
#     make/run-fuzz.sh [TARGET...]   (environment: BUILD, and SECONDS_EACH, 60)
#
# TARGET: open, chunk, index, expr, ask, files (libFuzzer), program (AFL++, when it is installed). What they
# learn is kept in $BUILD/fuzz/corpus; what they find is in $BUILD/fuzz/found, and
# `$BUILD/tests/fz-TARGET FILE` tries it again. A finding goes to tests/fuzz/corpus/TARGET
# under a name that says what it was, with what mends it.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=${BUILD:-build}-fuzz
each=${SECONDS_EACH:-60}
work=$BUILD/fuzz
mkdir -p "$work/found"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS=quarantine_size_mb=16:allocator_may_return_null=1
export HOME=/nonexistent TERM=dumb
failed=0
summary=()

fuzz() { # TARGET
    local target=$1 corpus=$work/corpus/$1 log=$work/$1.log options=(-max_len=12288)
    mkdir -p "$corpus"
    [ "$target" = expr ] && options=(-max_len=400 -dict=tests/fuzz/expr.dict)
    "$BUILD/tests/fz-$target" "${options[@]}" -max_total_time="$each" -timeout=60 \
        -rss_limit_mb=900 -malloc_limit_mb=300 -print_final_stats=1 \
        -artifact_prefix="$work/found/$target-" "$corpus" "tests/fuzz/corpus/$target" \
        >"$log" 2>&1 </dev/null
    local status=$?
    [ $status = 0 ] || failed=1
    summary+=("$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $each s, exit status $status$([ $status = 0 ] || echo ": see $log")")
}

program() { # AFL++ on the program itself
    local corpus=$work/corpus/program found
    if ! command -v afl-fuzz >/dev/null; then
        summary+=("program: skipped, there is no afl-fuzz")
        return
    fi
    mkdir -p "$corpus"
    for file in tests/golden/*.pyrec; do
        "$BUILD/tests/fz-file" join "$file" >"$corpus/$(basename "$file" .pyrec)"
    done
    env -u ASAN_OPTIONS -u UBSAN_OPTIONS \
        AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        AFL_NO_AFFINITY=1 AFL_CUSTOM_MUTATOR_LIBRARY="$PWD/$BUILD/fz-afl.so" \
        AFL_CUSTOM_MUTATOR_ONLY=1 afl-fuzz -i "$corpus" -o "$work/program" -V "$each" -t 10000 \
        -m none -- "$BUILD-afl/bin/pyreplay" --batch --no-rc -c 'goto start' -c 's 3' -c locals \
        -c 'rs' -c 'w' -c 'b 2' -c c -c 'goto end' -c 'rc' -c 'who 1' -c 'last l' -c 'tree' \
        -c 'exceptions' -c 'search e' -c 'when n' @@ \
        >"$work/program.log" 2>&1 </dev/null
    found=$(find "$work"/program/default/{crashes,hangs} -name 'id*' 2>/dev/null | wc -l)
    [ "$found" = 0 ] || failed=1
    summary+=("program: $(sed -n 's/^execs_done *: *//p' "$work/program/default/fuzzer_stats") inputs in $each s, $found findings")
}

[ $# -gt 0 ] || set -- open chunk index expr ask files program
for target in "$@"; do
    if [ "$target" = program ]; then program; else fuzz "$target"; fi
done
printf '%s\n' "${summary[@]}"
exit $failed
