#!/bin/bash
# Runs the drills and prints a table: run.sh [NAME...]. A drill is a script of this folder; it ends with
# 0, or with 77 when it cannot run here. The last line that it prints is shown in the table.
set -u
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- $(ls ./*.sh | sed 's,^\./,,; s,\.sh$,,' | grep -v '^run$')
out=$(mktemp)
table=$(mktemp)
trap 'rm -f "$out" "$table"' EXIT
failed=0
for name; do
	echo "drill $name"
	begun=$SECONDS
	"./$name.sh" 2>&1 | tee "$out"
	case ${PIPESTATUS[0]} in
	0) result=ok ;;
	77) result=skipped ;;
	*) result=FAILED failed=1 ;;
	esac
	printf '%-12s %-8s %4d s  %s\n' "$name" "$result" $((SECONDS - begun)) "$(tail -n 1 "$out")" >> "$table"
done
echo
cat "$table"
exit $failed
