#!/bin/bash
# Runs a command with a part of the processor, as on a machine that is slow: no test may depend on how
# fast the machine is.
#   tests/slow.sh PERCENT COMMAND...         PERCENT of all cores together
#
#   tests/slow.sh 33 tests/run.sh            the whole proof at a third (several hours)
#   tests/slow.sh 33 env SEBEZ_BUILD=build-asan /usr/bin/python3 -m pytest tests/wire/test_overload.py
#
# Needs root: the command runs in a control group of its own (cgroup v2, or v1), which is removed
# afterwards. SIGTERM and Ctrl-C reach the command.
set -eu
case ${1:-} in -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
[ $# -ge 2 ] && [[ $1 =~ ^[1-9][0-9]*$ ]] || { echo "slow.sh: a percentage and a command" >&2; exit 2; }
period=100000
quota=$((period * $(nproc) * $1 / 100))
shift

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
	group=/sys/fs/cgroup/sebez-slow-$$
	limit() { echo +cpu >/sys/fs/cgroup/cgroup.subtree_control && echo "$quota $period" >"$group/cpu.max"; }
else
	group=/sys/fs/cgroup/cpu/sebez-slow-$$
	limit() { echo "$period" >"$group/cpu.cfs_period_us" && echo "$quota" >"$group/cpu.cfs_quota_us"; }
fi
mkdir "$group" 2>/dev/null || { echo "slow.sh: no control group can be made: $group" >&2; exit 1; }
trap 'for _ in $(seq 100); do rmdir "$group" 2>/dev/null && break; sleep 0.1; done' EXIT
limit
command=
trap 'kill -TERM "$command" 2>/dev/null' TERM INT
(
	echo 0 >"$group/cgroup.procs"
	exec "$@"
) &
command=$!
status=0
while wait "$command" || status=$?; do # a signal ends a wait before the command has ended
	kill -0 "$command" 2>/dev/null || break
done
exit "$status"
