#!/usr/bin/python3
"""Runs a command so that everything it starts ends with it, however it ends.

    tests/keeper.py COMMAND [ARGUMENTS]

Two processes do that. The front is the one that was called, and takes the signals (Ctrl-C, SIGTERM,
hang-up). The keeper is its child, in a session of its own, and starts the command. Both are
subreapers: whatever loses its parent, even in a session of its own, becomes a child of the keeper,
or of the front when the keeper is gone. When the command has ended, the front was asked to end, or
one of the two was killed, the other one ends all that is left.

The command finds a folder for temporary files in SEBEZ_TEST_TMP and TMPDIR, in memory where there
is plenty; it is removed, unless SEBEZ_TEST_KEEP is set.
"""
import ctypes
import os
import select
import shutil
import signal
import sys
import tempfile
import time

# From SIGTERM to SIGKILL: a server that drains, under a sanitizer.
GRACE_S = float(os.environ.get("SEBEZ_TEST_GRACE_S", "10"))
PR_SET_CHILD_SUBREAPER = 36
MEMORY = "/dev/shm"  # the tests take half the time where no database waits for a disk
PLENTY = 8 << 30  # bytes that must be free in it: the whole suite has 1 GB of files at once


def adopt():
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("keeper: the kernel has no subreapers")


def stat(pid):
    """(parent, command) of a living process, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            head, _, tail = file.read().rpartition(")")
    except OSError:
        return None
    state, parent = tail.split()[:2]
    return None if state in "ZX" else (int(parent), head.partition("(")[2])


def descendants():
    """{pid: command} of every living process below this one."""
    known = {int(name): stat(name) for name in os.listdir("/proc") if name.isdigit()}
    mine, more = {}, {os.getpid()}
    while more:
        more = {pid for pid, found in known.items() if found and found[0] in more} - set(mine)
        mine.update({pid: known[pid][1] for pid in more})
    return mine


def reap(ended):
    """Takes the status of each child that has ended."""
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            ended[pid] = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return


def send(pid, *numbers):
    for number in numbers:
        try:
            os.kill(pid, number)
        except OSError:
            pass


def end_all():
    deadline = time.monotonic() + GRACE_S
    asked = set()
    while left := set(descendants()):
        for pid in left:
            if time.monotonic() > deadline:
                send(pid, signal.SIGKILL)
            elif pid not in asked:
                send(pid, signal.SIGTERM, signal.SIGCONT)
        asked |= left
        time.sleep(0.02)
        reap({})


def end_all_and_tidy(tmp):
    end_all()
    if not os.environ.get("SEBEZ_TEST_KEEP"):
        shutil.rmtree(tmp, ignore_errors=True)


def keep(command, front, tmp):
    """The keeper: returns the command's exit status. `front` is readable when the front is gone."""
    os.setsid()
    adopt()
    asked = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda got, _: asked.append(got))
    started = os.posix_spawnp("setpriv", ["setpriv", "--pdeathsig", "TERM", *command], os.environ,
                              setsigdef=[signal.SIGPIPE, signal.SIGTERM, signal.SIGINT,
                                         signal.SIGHUP])
    ended = {}
    while started not in ended and not asked:
        if select.select([front], [], [], 0.1)[0]:
            break
        reap(ended)
    if started in ended:
        for pid, name in descendants().items():
            print(f"keeper: left behind and ended: {pid} {name}", flush=True)
    end_all_and_tidy(tmp)
    return ended.get(started, 128 + signal.SIGTERM)


def place_of_files():
    try:
        there = os.statvfs(MEMORY)
        with open("/proc/meminfo", encoding="ascii") as file:
            sizes = dict(line.split()[:2] for line in file)  # in KB
    except OSError:
        return "/tmp"
    free = min(there.f_bavail * there.f_frsize, int(sizes["MemAvailable:"]) * 1024)
    return MEMORY if free >= PLENTY and not there.f_flag & os.ST_NOEXEC else "/tmp"


def main(command):
    tmp = tempfile.mkdtemp(prefix="sebez-test-", dir=place_of_files())
    os.chmod(tmp, 0o755)  # servers that root starts run as somebody else
    os.environ["SEBEZ_TEST_TMP"] = os.environ["TMPDIR"] = tmp
    gone, held = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(held)
        status = keep(command, gone, tmp)
        os._exit(status if status >= 0 else 128 - status)
    os.close(gone)
    adopt()
    asked = []

    def stop(number, _):
        if not asked:
            asked.append(number)
            print("\nkeeper: ending everything that was started", flush=True)
            os.close(held)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    _, status = os.waitpid(keeper, 0)
    end_all_and_tidy(tmp)
    if asked:
        signal.signal(asked[0], signal.SIG_DFL)
        os.kill(os.getpid(), asked[0])
    status = os.waitstatus_to_exitcode(status)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(len(sys.argv) < 2)
    sys.exit(main(sys.argv[1:]))
