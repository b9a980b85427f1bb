#!/bin/bash
# Every lint, each on its own lines; fails when one fails. `make lint` and .ci/run call it.
#   tests/lint/run.sh [NAME...]     only those named: layers lengths words named format dialect generated migrations
#                                  vendored console plans growth tidy
set -u
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/../.."
failed=0
passed=0
for lint in ${*:-layers lengths words named format dialect generated migrations vendored console plans growth tidy}; do
	script=$(ls tests/lint/"$lint".{py,sh} 2>/dev/null | head -1)
	started=$SECONDS
	if output=$("$script" 2>&1); then
		result=ok
		passed=$((passed + 1))
	else
		result=FAILED
		failed=$((failed + 1))
	fi
	printf 'lint %-10s %s (%d s)\n' "$lint" "$result" $((SECONDS - started))
	[ -z "$output" ] || sed 's/^/    /' <<<"$output"
done
echo "lints: $passed passed, $failed failed"
[ $failed -eq 0 ]
