#!/usr/bin/env bash
# demo.sh PROGRAM FOLDER: register every sample with the built-in sandbox, and look into the ledger; all goes to FOLDER.
set -eu

program=$1
folder=$2
samples=$(dirname "$0")/../samples
ledger=$folder/demo.db

# Run an operation on a sample. The exit status is part of the story.
run() {
    status=0
    "$program" "$@" --sandbox --ledger "$ledger" --force || status=$?
    case $status in
    0) echo "demo: exit status 0: every order is done." ;;
    1) echo "demo: exit status 1: finished, and the result file says what is to be fixed, and how." ;;
    *)
        echo "demo: exit status $status: that should not happen."
        exit 1
        ;;
    esac
}

echo "demo: registering the sample orders with the deferred-payment service's built-in simulation."
echo "demo: nothing leaves this computer. The results go to $folder/."
mkdir -p "$folder"
rm -f "$ledger" "$ledger"-wal "$ledger"-shm "$ledger".sandbox # of the demo before, whose orders would be known

results=()
for input in "$samples"/order_*.csv; do
    [ -e "$input" ] || continue
    name=$(basename "$input" .csv)
    result=$folder/result_$name.csv
    echo
    echo "demo: $name.csv"
    run register "$input" -o "$result" --summary-json "$folder/result_$name.json"
    results+=("$result")
done

echo
if [ "${#results[@]}" -eq 0 ]; then
    echo "demo: there are no samples in $samples."
    exit 1
fi

echo "demo: asking how the pending orders of one sample stand by now"
"$program" orders --status 与信中 --ledger "$ledger" --format csv >"$folder/pending.csv"
run status "$samples/order_05_credit_results.csv" -o "$folder/status.csv" --only "$folder/pending.csv"
echo
echo "demo: the ledger: the last of what was done (atobarai history --ledger $ledger)"
"$program" history --ledger "$ledger" | {
    IFS= read -r headings
    echo "$headings"
    tail -n 4
}
echo
echo "demo: the ledger: whose credit was refused (atobarai orders --status 与信NG --ledger $ledger)"
"$program" orders --status 与信NG --ledger "$ledger"
echo
echo "demo: ${#results[@]} result files, each with its summary (.json) beside it:"
printf '  %s\n' "${results[@]}"
echo "demo: open one in LibreOffice or Excel (Shift_JIS) and look at the eight columns on the right."
