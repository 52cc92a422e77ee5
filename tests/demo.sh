#!/usr/bin/env bash
# demo.sh PROGRAM FOLDER: register every sample with the built-in sandbox; the results go to FOLDER.
set -eu

program=$1
folder=$2
samples=$(dirname "$0")/../samples

echo "demo: registering the sample orders with the deferred-payment service's built-in simulation."
echo "demo: nothing leaves this computer. The results go to $folder/."
mkdir -p "$folder"

results=()
for input in "$samples"/order_*.csv; do
    [ -e "$input" ] || continue
    name=$(basename "$input" .csv)
    result=$folder/result_$name.csv
    echo
    echo "demo: $name.csv"
    status=0
    "$program" register "$input" -o "$result" --sandbox --force --summary-json "$folder/result_$name.json" || status=$?
    case $status in
    0) echo "demo: exit status 0: every order is done." ;;
    1) echo "demo: exit status 1: finished, and the result file says what is to be fixed, and how." ;;
    *)
        echo "demo: exit status $status: that should not happen."
        exit 1
        ;;
    esac
    results+=("$result")
done

echo
if [ "${#results[@]}" -eq 0 ]; then
    echo "demo: there are no samples in $samples."
    exit 1
fi
echo "demo: ${#results[@]} result files, each with its summary (.json) beside it:"
printf '  %s\n' "${results[@]}"
echo "demo: open one in LibreOffice or Excel (Shift_JIS) and look at the eight columns on the right."
