#!/bin/bash
# Runs every test that is there and ends with one line for each kind.
#
#     make/run-tests.sh [full]       (environment: BUILD, PYTHON)
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$(realpath "${BUILD:-build}")
PYTHON=${PYTHON:-/usr/bin/python3}
campaign=${1:-}
[ -n "$campaign" ] && export PYREC_TEST_FULL=1
export BUILD PYTHON
summary=()
failed=0

group() { # NAME COMMAND... : the commands are the rest, one a call, read from stdin
    local name=$1 ran=0 bad=() log
    while read -r what command; do
        ran=$((ran + 1))
        log=$("${SHELL:-/bin/sh}" -c "timeout 600 $command" </dev/null 2>&1)
        local status=$?
        if [ $status != 0 ]; then
            bad+=("$what")
            printf '%s\n--- %s: exit status %s\n\n' "$log" "$what" $status
        else
            printf '%-28s %s\n' "$what" "$(printf '%s\n' "$log" | grep -v '^ *$' | tail -n 1)"
        fi
    done
    [ ${#bad[@]} = 0 ] || failed=1
    summary+=("$name: $((ran - ${#bad[@]})) passed, ${#bad[@]} failed${bad[*]:+ (${bad[*]})}")
}

echo "== Unit tests"
group "unit tests" < <(for t in "$BUILD"/tests/test_*; do
    [ -x "$t" ] && [ -e "tests/unit/${t##*/}.c" ] && echo "${t##*/} $t"
done)

echo
echo "== Checks"
group "checks" < <(for c in tests/checks/check_*; do
    case $c in
    *.py) echo "${c##*/} $PYTHON $c" ;;
    *.sh) echo "${c##*/} $c" ;;
    esac
done)

echo
echo "== End to end"
if ls tests/e2e/test_*.py >/dev/null 2>&1; then
    marks=(-m "not full")
    [ -n "$campaign" ] && marks=(-m "")
    log=$BUILD/pytest.log
    "$PYTHON" -m pytest tests -q "${marks[@]}" --durations=5 </dev/null 2>&1 | tee "$log"
    [ "${PIPESTATUS[0]}" = 0 ] || failed=1
    summary+=("end to end: $(tail -n 1 "$log" | tr -d '=' | sed 's/^ *//; s/ *$//')")
fi

echo
echo "== Summary"
printf '%s\n' "${summary[@]}"
[ $failed = 0 ] && echo "All tests passed." || echo "Some tests failed."
exit $failed
