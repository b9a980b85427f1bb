#!/bin/bash
# The whole proof, as `make test` runs it. Each phase is timed; the last line counts.
#   tests/run.sh                 everything
#   tests/run.sh PHASE...        only these: gcc unit wire asan asan-unit asan-wire valgrind clang
#
# The wire suite runs whole in the build with sanitizers; the plain build runs the tests marked plain.
# Runs side by side (SEBEZ_TEST_RUNS), each with a server of its own, share it.
# What fails is named at once; logs are in build/test-logs. Everything that is started here ends with
# this, however it ends: tests/keeper.py.
set -u
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
cd "$(dirname "$0")/.."
[ -n "${SEBEZ_TEST_TMP:-}" ] || exec tests/keeper.py tests/run.sh "$@"
phases=${*:-gcc unit wire asan asan-unit asan-wire valgrind clang}
runs=${SEBEZ_TEST_RUNS:-3}
logs=build/test-logs
mkdir -p "$logs"
export PYTHONUNBUFFERED=1 # meson and pytest say at once what they say
failures=$SEBEZ_TEST_TMP/failures
jobs=$(nproc)
passed=0
failed=0
results=()

# configure FOLDER COMPILER [OPTIONS...]. Again when it is there: a folder that `make run` made does not
# know of what only tests need.
configure() {
	local folder=$1 compiler=$2
	shift 2
	if [ -f "$folder/build.ninja" ]; then
		meson setup --reconfigure "$folder"
	else
		CC=$compiler meson setup "$folder" "$@"
	fi
}

count() { # count LOG: adds what the runners in it said
	local ok bad
	ok=$(grep -aoE '\b[0-9]+ passed' "$1" | awk '{ n += $1 } END { print n + 0 }')
	bad=$(grep -aoE '\b[0-9]+ (failed|errors?)\b' "$1" | awk '{ n += $1 } END { print n + 0 }')
	ok=$((ok + $(grep -aE '^Ok: ' "$1" | awk '{ n += $2 } END { print n + 0 }')))
	bad=$((bad + $(grep -aE '^(Fail|Timeout|Unexpected Pass): ' "$1" | awk '{ n += $NF } END { print n + 0 }')))
	passed=$((passed + ok))
	failed=$((failed + bad))
	counted=$bad
}

units() { # units FOLDER SUITES [OPTIONS...]
	local folder=$1 suites=$2
	shift 2
	meson test -C "$folder" ${suites//+/ --suite } --no-rebuild --print-errorlogs --num-processes "$jobs" "$@"
}

python_tests() { # python_tests [OPTIONS...]
	PYTHONPATH=tests setpriv --pdeathsig TERM /usr/bin/python3 -m pytest -q -p no:cacheprovider \
		-p name_failures "$@"
}

wire() { # wire FOLDER [OPTIONS...]
	local folder=$1 run pids=() status=0
	shift
	for run in $(seq "$runs"); do
		(
			set -o pipefail
			SEBEZ_BUILD=$folder SEBEZ_TEST_TIMES=$PWD/$logs/times-$phase.$run python_tests tests/wire --share "$run/$runs" "$@" 2>&1 |
				tee "$logs/$phase.$run" | sed -un '/^failed: /p'
		) &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	cat "$logs/$phase".*
	return $status
}

# Passes on which tests and files fail, each once, as the runners name them, and why.
failures_of() {
	awk '/^failed:    / || /^\[ +(ERROR|LINE|FAILED) +\] / { print "   " $0; fflush(); next }
		(/^failed: / || /^FAILED: / || / (FAIL|TIMEOUT|ERROR|UNEXPECTEDPASS) /) && !said[$0]++ {
		sub(/^ +/, ""); print "   " $0; fflush() }'
}

phase_gcc() { configure build gcc && ninja -C build; }
phase_unit() {
	units build +unit+services || return 1
	python_tests tests/tools
}
phase_wire() { wire build -m plain; }
phase_asan() {
	configure build-asan clang -Db_sanitize=address,undefined -Db_lundef=false && ninja -C build-asan
}
phase_asan-unit() {
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=0 \
		units build-asan +unit+services --timeout-multiplier 4
}
phase_asan-wire() { wire build-asan; }
phase_valgrind() {
	units build +unit --timeout-multiplier 20 --wrap "valgrind -q --error-exitcode=99 --leak-check=full \
--errors-for-leak-kinds=definite --suppressions=$PWD/tests/unit/valgrind.supp"
}
phase_clang() { configure build-clang clang && ninja -C build-clang; }

run_phase() {
	"phase_$phase" 2>&1 | tee "$logs/$phase" | failures_of | tee -a "$failures"
	exit "${PIPESTATUS[0]}"
}

# The keeper was killed. What runs meanwhile is in the background, for a trap waits for all else.
trap 'trap "" TERM; kill -TERM 0; exit 143' TERM

for phase in $phases; do
	declare -F "phase_$phase" >/dev/null || { echo "no such phase: $phase"; exit 2; }
	echo "== $phase"
	started=$SECONDS
	rm -f "$logs/$phase" "$logs/$phase".*
	run_phase &
	wait $!
	status=$?
	counted=0
	count "$logs/$phase"
	result=ok
	if [ $status -ne 0 ]; then
		result=FAILED
		[ $counted -gt 0 ] || failed=$((failed + 1)) # it broke without a runner's count
		tail -n 200 "$logs/$phase"
	else
		grep -aE '[0-9]+ passed|^Ok: |^slow:' "$logs/$phase" | sed 's/^/   /'
	fi
	results+=("$(printf '%-10s %-6s %4d s' "$phase" "$result" $((SECONDS - started)))")
	echo "== ${results[-1]}"
done

echo
printf '   %s\n' "${results[@]}"
[ ! -s "$failures" ] || { echo "   failed:" && sed 's/^/   /' "$failures"; }
echo "   logs: $logs"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
