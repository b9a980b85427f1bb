"""A server that is started in a terminal ends with it, unless it was told not to."""
import fcntl
import os
import signal
import subprocess
import termios

import pytest
import requests

from harness.contract import BUILD, ROOT
from harness.feed import members
from harness.server import folder
from harness.wait import until


@pytest.fixture(scope="module")
def server():
    with folder() as server:
        yield server
        bad = server.reports()
        assert not bad, "\n".join(bad)


def have(theirs):
    return lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)


def answers(server):
    try:
        return requests.get(server.url + "/readyz", timeout=20).status_code == 200
    except requests.RequestException:
        return False


def test_a_hang_up_by_hand_reloads_and_the_end_of_the_terminal_stops(server, terminal):
    ours, theirs, close = terminal
    server.start(preexec_fn=have(theirs), pass_fds=[theirs])
    until(lambda: "Ctrl-C stops it" in server.log.read_text())
    before = set(members(server))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: '"reloaded"' in server.log.read_text())
    until(lambda: len(members(server)) == 2 and not before & set(members(server)))
    close(ours)
    assert server.process.wait(60) == 0
    until(lambda: not server.family())


def run_in_shell(server, terminal, command):
    """An interactive shell, as people have it, that runs the server; until that answers."""
    ours, theirs, close = terminal
    shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], cwd=ROOT, stdin=theirs,
                             stdout=theirs, stderr=theirs, env=server.environment,
                             start_new_session=True, preexec_fn=have(theirs))
    close(theirs)
    os.write(ours, command.format(f'"{BUILD}/sebez" serve').encode() + b"\n")
    until(lambda: answers(server))
    return shell


@pytest.mark.parametrize("command", ["{}", "{} &", "make() {{ {}; }}; make", "exec {}"])
def test_a_terminal_that_is_closed_stops_the_server_in_it(server, terminal, command):
    shell = run_in_shell(server, terminal, command)
    terminal[2](terminal[0])
    shell.wait(60)
    until(lambda: not server.family())


def test_a_server_outlives_its_terminal_when_that_was_asked_for(server, terminal):
    shell = run_in_shell(server, terminal, "nohup {} >/dev/null 2>&1 &")
    terminal[2](terminal[0])
    shell.wait(60)
    before = set(members(server))
    server.sebez("reload")
    until(lambda: len(members(server)) == 2 and not before & set(members(server)))
    assert answers(server)
    server.sebez("stop")
    until(lambda: not server.family())
