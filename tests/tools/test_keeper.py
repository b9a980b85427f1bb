"""What a test run starts ends with it, and what fails in it is named at once."""
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
KEEPER = TESTS / "keeper.py"
PATIENCE_S = 60

# One that ignores every signal that it can, one in a session of its own, one that has lost its
# parent; then the file that says that all of them run.
STUBBORN = """
trap '' INT TERM HUP
sleep 1000 & setsid sleep 1000 & (setsid sh -c 'sleep 1000; :' &)
echo > "$SEBEZ_TEST_TMP/file"; echo "$SEBEZ_TEST_TMP" > {ready}.new; mv {ready}.new {ready}; wait
"""


def until(is_so):
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def marked(mark):
    """Pids of the living processes with the mark in their environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


@pytest.fixture
def run(tmp_path):
    """A run of stubborn processes: (the front, all pids, the folder that it made)."""
    mark, ready = f"KEEPER_TEST={tmp_path}", tmp_path / "ready"
    environment = {k: v for k, v in os.environ.items() if k != "SEBEZ_TEST_KEEP"}
    environment |= {"KEEPER_TEST": str(tmp_path), "SEBEZ_TEST_GRACE_S": "0.2"}
    front = subprocess.Popen([KEEPER, "sh", "-c", STUBBORN.format(ready=ready)],
                             env=environment, start_new_session=True, stdout=subprocess.PIPE)
    try:
        until(ready.exists)
        until(lambda: len(marked(mark)) == 7)
        yield front, mark, pathlib.Path(ready.read_text().strip())
    finally:
        for pid in marked(mark):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        front.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_all_that_was_started_ends_with_the_runner(run, number):
    front, mark, folder = run
    os.killpg(front.pid, number)  # what Ctrl-C does: the group, not those who left it
    assert front.wait(PATIENCE_S) == -number
    until(lambda: not marked(mark))
    until(lambda: not folder.exists())


def test_all_that_was_started_ends_when_the_keeper_itself_is_killed(run):
    front, mark, folder = run
    (keeper,) = [pid for pid in marked(mark) if pid != front.pid
                 and str(KEEPER).encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(keeper, signal.SIGKILL)
    assert front.wait(PATIENCE_S) == 128 + signal.SIGKILL
    assert not marked(mark) and not folder.exists()


def test_what_a_command_leaves_behind_is_named_and_ended_and_its_status_is_kept():
    done = subprocess.run([KEEPER, "sh", "-c", "(setsid sleep 1000 & echo $!); exit 3"],
                          capture_output=True, text=True, check=False)
    pid = int(done.stdout.split()[0])
    assert done.returncode == 3
    assert f"left behind and ended: {pid} sleep" in done.stdout
    assert not pathlib.Path(f"/proc/{pid}").exists()


def test_a_failure_is_named_with_its_reason_while_other_tests_still_run(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "def test_good():\n    pass\n"
        "def test_bad():\n    assert False\n"
        "def test_patient():\n    open('gate').read()\n")
    os.mkfifo(tmp_path / "gate")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "name_failures"],
        cwd=tmp_path, text=True, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"})
    with process:
        named = next(line for line in process.stdout if line.startswith("failed: "))
        reason = next(process.stdout)
        assert process.poll() is None
        (tmp_path / "gate").write_text("go on")
        process.communicate()
    assert named == "failed: test_it.py::test_bad\n"
    assert reason.split() == ["failed:", "E", "assert", "False"]
