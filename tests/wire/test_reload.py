"""Reloads that cannot succeed: the running processes go on, and a later reload replaces them."""
import os
import pathlib
import shutil
import signal

import pytest
import requests

from harness import server as harness_server
from harness.feed import members
from harness.server import Server
from harness.wait import until


def logged(server, word):
    return server.log.read_text(errors="replace").count(word)


def ours(server):
    """2 api processes, one for jobs and one for media."""
    return {pid for role in ("api", "jobs", "media") for pid in members(server, role)}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A server whose program may be taken away."""
    shutil.copy(harness_server.BUILD / "sebez", tmp_path)
    monkeypatch.setattr(harness_server, "BUILD", tmp_path)
    server = Server(SEBEZ_MEDIA_PROCESSES=1)
    try:
        server.start()
        # It is ready as soon as one api process is.
        until(lambda: len(ours(server)) == 4)
        yield server
        assert server.stop() == []
    finally:
        server.remove()


def test_a_program_that_is_gone_ends_the_reload_and_no_process(own, tmp_path):
    before = ours(own)
    (tmp_path / "sebez").rename(tmp_path / "elsewhere")
    own.process.send_signal(signal.SIGHUP)
    until(lambda: logged(own, '"reload failed"'))
    assert logged(own, '"reloaded"') == 0
    assert ours(own) == before
    assert requests.get(own.url + "/v1/products", timeout=20).status_code == 200

    (tmp_path / "elsewhere").rename(tmp_path / "sebez")
    own.process.send_signal(signal.SIGHUP)
    until(lambda: not before & ours(own))
    assert logged(own, '"reloaded"') == 1


def test_a_program_that_was_replaced_is_taken_by_itself(own, tmp_path):
    before = ours(own)
    shutil.copy(tmp_path / "sebez", tmp_path / "new")
    (tmp_path / "new").rename(tmp_path / "sebez")
    until(lambda: not before & ours(own))
    assert logged(own, '"files were replaced"')
    assert requests.get(own.url + "/v1/products", timeout=20).status_code == 200


@pytest.fixture
def successor(own):
    """Of the first api process: started and held before it is ready, in a reload."""
    before = set(members(own))
    postmaster = int(pathlib.Path(own.data / "var/postgres/postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)  # so the successor waits for its first connection
    own.process.send_signal(signal.SIGHUP)
    until(lambda: len(set(members(own)) - before) == 1)
    (successor,) = set(members(own)) - before
    os.kill(successor, signal.SIGSTOP)
    os.kill(postmaster, signal.SIGCONT)
    return successor


@pytest.fixture
def ailing(own):
    """The pids of the first api process and of jobs, which have died so often that they are not
    started again at once."""
    def pids():
        return members(own, "api 0") + members(own, "jobs")

    for _ in range(5):
        before = pids()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(pids()) == 2 and not set(before) & set(pids()))
    return pids()


def test_a_successor_takes_the_place_of_one_that_died_meanwhile(own, ailing, successor):
    for pid in ailing:
        os.kill(pid, signal.SIGKILL)
    os.kill(successor, signal.SIGCONT)
    until(lambda: logged(own, '"reloaded"') == 1)
    until(lambda: members(own, "jobs"))  # later than the other would have been started
    assert members(own, "api 0") == [successor]


def test_a_successor_that_hangs_is_ended_and_a_reload_asked_for_meanwhile_follows(own, successor):
    before = set(members(own))
    own.process.send_signal(signal.SIGHUP)
    until(lambda: logged(own, '"reload failed"'))
    until(lambda: logged(own, '"reloaded"') == 1)
    until(lambda: not before & set(members(own)))
