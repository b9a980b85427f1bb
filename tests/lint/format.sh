#!/bin/bash
# C files are as clang-format makes them. Headers are laid out by hand: their tables are for reading.
# Versions format differently; 14 (Debian 12's) is the one that .clang-format was written for.
set -eu
cd "$(dirname "$0")/../.."
tool=clang-format-14
command -v "$tool" >/dev/null || tool=clang-format
version=$("$tool" --version 2>/dev/null | grep -o 'version [0-9]*' | cut -d' ' -f2 || true)
if [ "$version" != 14 ]; then
	echo "skipped: clang-format 14 is not here (found ${version:-none})"
	exit 0
fi
mapfile -t files < <(git ls-files -co --exclude-standard 'src/*.c' 'tests/unit/*.c' 'tests/fuzz/*.c')
bad=0
for file in "${files[@]}"; do
	if ! "$tool" "$file" | cmp -s - "$file"; then
		echo "$file: clang-format -i $file"
		bad=1
	fi
done
exit $bad
