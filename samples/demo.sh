#!/bin/sh
# Records a program that fails and steps backward from its failure. `make demo` runs it.
set -eu
cd "$(dirname "$0")/.."
bin=${BUILD:-build}/bin
recording=${BUILD:-build}/demo/distant_cause.pyrec
mkdir -p "${recording%/*}"

bold= plain=
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() {
    printf '\n%s%s%s\n' "$bold" "$1" "$plain"
}

say "A program adds up a year of temperatures and fails. We run it under pyrecord:"
echo "\$ pyrecord samples/distant_cause.py"
"$bin/pyrecord" --force -o "$recording" samples/distant_cause.py || true

say "The traceback says where it stopped, not why. The recording knows the whole run:"
echo "\$ pyreplay distant_cause.pyrec"
"$bin/pyreplay" --no-rc --echo "$recording" \
    -c "# It opens at the failure. One of these readings has no temperature:" \
    -c "p reading" \
    -c "# Who made it so? Back to the moment when its attribute was written:" \
    -c "last reading.celsius" \
    -c "# Thousands of events earlier. One line back, as the attribute is about to be set:" \
    -c "rn" \
    -c "# And back to the call: None was handed in." \
    -c "rf" \
    -c "# By whom? The caller, at this very moment, with the text that it was reading:" \
    -c "u" \
    -c "p text" \
    -c "# The station sent \"-\", which is no number. Back over the call that let it through:" \
    -c "rn" \
    -c "# And forward again, step by step, into the function that turned \"-\" into None:" \
    -c "s 2" \
    -c "r" \
    -c q </dev/null

say "That was the cause: number_or_none() lets a missing value pass as None."
echo "Go on yourself (help lists the commands, q leaves):"
echo "    $bin/pyreplay $recording"
if [ -t 0 ] && [ -t 1 ]; then
    echo
    exec "$bin/pyreplay" "$recording"
fi
