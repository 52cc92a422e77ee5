#!/usr/bin/env bash
# Run every test in each of the build folders given, and lint, and count: the last line is "N passed, N failed".
#
# A test program prints one line "ok …" or "not ok …" per test (TAP). One that ends in failure without having said
# "not ok", by a crash for example, counts as one failure; of one that passes only lines "# hint …" are shown. LINT=0
# leaves lint out.
set -u
cd "$(dirname "$0")/.." || exit 1

jobs=${JOBS:-$(($(nproc) + 1))}
counts=$(mktemp) # a line "passed failed" for each test program; and whoever prints holds a lock on it
trap 'rm -f "$counts"' EXIT

# run NAME COMMAND…: a test program.
run() {
    local name=$1 log good bad status
    shift
    log=$(mktemp)
    timeout 600 "$@" >"$log" 2>&1
    status=$?
    good=$(grep -cE '^ok\b' "$log")
    bad=$(grep -cE '^not ok\b' "$log")
    {
        flock 9
        if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
            bad=1
            echo "not ok - $name ended with $status"
        fi
        if [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
            bad=1
            echo "not ok - $name tested nothing"
        fi
        if [ "$bad" -eq 0 ]; then grep -E '^# hint\b' "$log"; else cat "$log"; fi
        echo "$name: $good passed, $bad failed"
        echo "$good $bad" >&9
    } 9>>"$counts"
    rm -f "$log"
}

# start NAME COMMAND…: the same beside others, one more than there are cores: many tests mostly wait.
start() {
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
    run "$@" &
}

# is_for BUILD TEST: some end-to-end tests start the program a thousand times, which takes minutes with sanitizers: they
# run without. Others run with them, where there is such a build, and once more only if what they are about is not the
# same in every build.
is_for() {
    local name=${2##*/test_}
    case $1:${name%.py} in
    *asan:packaging) return 1 ;; # it has nothing to do with how the program was built
    *asan:bad_input | *asan:cases | *asan:cli | *asan:config | *asan:secrets | *asan:explain) return 1 ;;
    *asan:encodings | *asan:conformance | *asan:lost_rows | *asan:parts | *asan:history) return 1 ;;
    *asan:bench | *asan:scale | *asan:spreadsheet | *asan:workbook | *asan:browser) return 1 ;;
    *asan:*) return 0 ;;
    *:ledger | *:register | *:return | *:clean | *:diff | *:wire | *:model | *:crash | *:drop | *:sandbox_kuroneko | *:kuroneko | *:properties | *:report) [ "$builds" -eq 1 ] ;;
    esac
}

# tests_of: the end-to-end tests, those first that take longest, so that none is left to run alone at the end.
tests_of() {
    local first=" bad_input secrets properties ledger encodings cases parts kuroneko cli crash wire register "
    local name test
    for name in $first; do echo "tests/e2e/test_$name.py"; done
    for test in tests/e2e/test_*.py; do
        name=${test##*/test_}
        [ "${first/ ${name%.py} /}" != "$first" ] || echo "$test"
    done
}

builds=$#
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export PYTHONDONTWRITEBYTECODE=1

[ "${LINT:-1}" = 0 ] || start "lint" sh -c \
    'make --no-print-directory -s lint TIDY="--checks=-clang-analyzer-*" && echo "ok - lint"'
start "data" /usr/bin/python3 tests/validate_data.py
start "includes" /usr/bin/python3 tests/check_includes.py
for test in $(tests_of); do
    for build in "$@"; do
        is_for "$build" "$test" || continue
        [ -e "$test" ] && start "$test on $build" env ATOBARAI="$PWD/$build/atobarai" \
            ATOBARAI_STARTER="$PWD/$build/tests/tools/starter" /usr/bin/python3 "$test"
    done
done
for build in "$@"; do
    for test in "$build"/tests/unit/test_*; do
        [ -x "$test" ] && [ -f "$test" ] && [ "${test##*.}" = "$test" ] && start "$test" "$test"
    done
done

wait
passed=$(awk '{n += $1} END {print n + 0}' "$counts")
failed=$(awk '{n += $2} END {print n + 0}' "$counts")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
