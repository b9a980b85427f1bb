#!/bin/bash
# clang-tidy with the checks of .clang-tidy, over the C files of a build folder's compile commands.
#   tests/lint/tidy.sh            every file
#   tests/lint/tidy.sh changed    those that differ from main
set -eu
cd "$(dirname "$0")/../.."
build=${SEBEZ_BUILD:-build}
version=$(clang-tidy --version 2>/dev/null | grep -o 'version [0-9]*' | cut -d' ' -f2 || true)
if [ "$version" != 14 ]; then
	echo "skipped: clang-tidy 14 is not here (found ${version:-none}); later ones know other checks"
	exit 0
fi
[ -f "$build/compile_commands.json" ] || { echo "build first: there is no $build"; exit 1; }
if [ "${1:-}" = changed ]; then
	mapfile -t files < <(git diff --name-only --diff-filter=d main -- 'src/*.c')
else
	# Those that the build knows: another's new file may still be on its way into it.
	mapfile -t files < <(git ls-files -co --exclude-standard 'src/*.c' |
		grep -F -x -f <(grep -o '"file": "[^"]*"' "$build/compile_commands.json" |
			sed 's/.*"\(\.\.\/\)*\([^"]*\)"$/\2/'))
fi
[ ${#files[@]} -gt 0 ] || exit 0
# Debian's gcc and clang do not know each other's warnings. The path that led to each finding is
# shown by clang-tidy -p build FILE.
printf '%s\n' "${files[@]}" |
	xargs -P 2 -n 4 clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option 2>/dev/null |
	grep -E '(error|warning): ' | sort -u | sed "s|^$PWD/||; s|^$build/../||; s|^\.\./||"
[ "${PIPESTATUS[1]}" -eq 0 ]
