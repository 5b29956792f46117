#!/bin/bash
# The replayer under valgrind, ending with one line: recordings of every sort through every
# subcommand, the unit tests that build recordings, and sessions at the prompt.
#
#     make/run-valgrind.sh           (environment: BUILD, PYTHON)
#
# What valgrind adds to `make test-san`: values that were never set, in libraries too, and
# leaks of the whole program. A finding is an exit status of 99 and a text in $BUILD-valgrind.
set -u
cd "$(dirname "$0")/.." || exit 2
BUILD=$(realpath "${BUILD:-build}")
PYTHON=${PYTHON:-/usr/bin/python3}
WORK=$BUILD-valgrind
VALGRIND="valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite --track-fds=no --suppressions=$PWD/make/valgrind.supp
    --log-file=$WORK/log.%p"
runs=0
bad=()

rm -rf "$WORK"
mkdir -p "$WORK/bin"
ln -s "$BUILD"/* "$WORK" 2>/dev/null
ln -s "$BUILD/bin/pyrecord" "$WORK/bin"
printf '#!/bin/sh\nexec %s %s/bin/pyreplay "$@"\n' "${VALGRIND//$'\n'/}" "$BUILD" \
    >"$WORK/bin/pyreplay"
chmod +x "$WORK/bin/pyreplay"

try() { # WORD... : under valgrind; statuses of the program's own are fine
    runs=$((runs + 1))
    timeout 600 $VALGRIND "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
    local status=$?
    [ $status -lt 5 ] || bad+=("$status: $*")
}

replay() { # FILE : what one does with a recording
    local file=$1 replay=$BUILD/bin/pyreplay command commands=()
    while IFS= read -r command; do
        commands+=(-c "$command")
    done <<'COMMANDS'
goto start
s 3
n
locals
pp locals()
where
up
list
b 2
b 4 if True
c
rs
rn
rc
watch a
c
goto end
finish
reverse-finish
who 1
last a
history a
next-write a
tree
calls
exceptions
search e
hits 1
when 1 < 2
p [x for x in (1, 2)]
p f"{1:>5}" % () if 0 else sorted({3, 1})
dis
info
COMMANDS
    try "$replay" "${commands[@]}" --batch --no-rc "$file"
    try "$replay" dump "$file"
    try "$replay" dump --format jsonl --values structured "$file"
    try "$replay" info "$file"
    try "$replay" info --format json "$file"
    try "$replay" verify "$file"
    try "$replay" cut "$file" --force -o "$WORK/cut.pyrec" --from 3
    try "$replay" redact "$file" --force -o "$WORK/redact.pyrec" --text 'a*b' --name list
    try "$replay" pack "$file" --force -o "$WORK/pack.zip" --last 5
    try "$replay" repair "$file" --force -o "$WORK/repair.pyrec"
}

began=$SECONDS
echo "== Recordings: golden ones, damaged ones, one of a program"
"$BUILD/bin/pyrecord" -q --force -o "$WORK/program.pyrec" tests/programs/match_statement.py \
    >"$WORK/out" 2>&1 || bad+=("recording a program")
for file in tests/golden/*.pyrec "$WORK/program.pyrec"; do
    replay "$file"
done
for file in $(ls -d tests/fuzz/corpus/open/* | awk 'NR % 8 == 1'); do
    "$BUILD/tests/fz-file" join "$file" >"$WORK/damaged.pyrec" 2>/dev/null ||
        cp "$file" "$WORK/damaged.pyrec"
    try "$BUILD/bin/pyreplay" dump --format jsonl "$WORK/damaged.pyrec"
    try "$BUILD/bin/pyreplay" verify "$WORK/damaged.pyrec"
done
printf '%d runs, %d s\n' $runs $((SECONDS - began))

echo "== Unit tests that build recordings"
for name in tf_golden tf_tail tf_postings rp_changes rp_names rp_share cli_text; do
    began=$SECONDS
    try "$BUILD/tests/test_$name"
    printf '%-28s %d s\n' "test_$name" $((SECONDS - began))
done

echo "== Sessions at the prompt"
BUILD=$WORK "$PYTHON" -m pytest tests/e2e/test_cli_prompt.py tests/e2e/test_prompt_session.py \
    -q --timeout 900 -k "not clock and not large" </dev/null 2>&1 | tee "$WORK/pytest.log" | tail -n 3
[ "${PIPESTATUS[0]}" = 0 ] || bad+=("sessions at the prompt: see $WORK/pytest.log")

findings=$(find "$WORK" -name 'log.*' -size +0 | wc -l)
printf '%s\n' "${bad[@]}"
echo "valgrind: $runs runs and the sessions, $findings findings$([ "$findings" = 0 ] || echo ": see $WORK/log.*")"
[ ${#bad[@]} = 0 ] && [ "$findings" = 0 ]
