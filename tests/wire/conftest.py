"""One real server for the whole session, and what must be true when it is over."""
import collections
import contextlib
import fcntl
import os
import pathlib
import pty
import sys

import hypothesis
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness import contract  # noqa: E402
from harness.server import TMP, Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.talk import Talk  # noqa: E402
from world import World  # noqa: E402

EXAMPLES = int(os.environ.get("SEBEZ_TEST_EXAMPLES", "25"))
SEED = int(os.environ.get("SEBEZ_TEST_SEED", "20260301"))
SLOW_SIZE = 300  # of a file with tests marked slow, as a number of tests
hypothesis.settings.register_profile(
    "sebez", max_examples=EXAMPLES, deadline=None, print_blob=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile("sebez")


def pytest_addoption(parser):
    parser.addoption("--share", metavar="K/N", default="1/1",
                     help="the K-th of N shares of the files, which are the same in every run")


def pytest_report_header(config):
    return (f"build: {contract.BUILD}, seed: {SEED} (SEBEZ_TEST_SEED), "
            f"examples: {EXAMPLES} (SEBEZ_TEST_EXAMPLES)")


def pytest_collection_modifyitems(config, items):
    """Files that take long first, each to the share with the least so far. A share is the same in
    every run, so that tests on one server always meet in the same order."""
    share, count = map(int, config.getoption("--share").split("/"))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    sizes = collections.Counter(item.path for item in items)
    sizes.update({path: SLOW_SIZE for path in slow})
    load, owner = [0] * count, {}
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        owner[path] = load.index(min(load))
        load[owner[path]] += sizes[path]
    items.sort(key=lambda item: (-sizes[item.path], item.path))
    others = [item for item in items if owner[item.path] != share - 1]
    items[:] = [item for item in items if owner[item.path] == share - 1]
    config.hook.pytest_deselected(items=others)


def after(server):
    """What is wrong once a server has been used; it is stopped."""
    bad = []
    if server.process and server.process.poll() is None:
        bad += server.db.check()
        checked = server.sebez("check", "--data", check=False)
        if checked.returncode != 0:
            bad.append(f"sebez check --data: {checked.stdout[-2000:]}{checked.stderr[-2000:]}")
        bad += server.stop()
    else:
        bad += server.reports()
    return bad


@contextlib.contextmanager
def serving(**settings):
    """A server that runs meanwhile, and has done nothing wrong afterwards."""
    server = Server(**settings)
    try:
        yield server.start()
        bad = after(server)
        assert not bad, "\n".join(bad)
    except AssertionError:
        print(server.tail())
        raise
    finally:
        server.remove()


@pytest.fixture(autouse=True)
def one_user_at_a_time(request):
    """Of the tests marked one_user only one runs, in whichever run."""
    with contextlib.ExitStack() as stack:
        if request.node.get_closest_marker("one_user"):
            lock = stack.enter_context(open(pathlib.Path(TMP) / "one-user.lock", "w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def server():
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def shop(server):
    return Shop(server)


@pytest.fixture(scope="session")
def world(shop):
    """Two vendors, two customers, and one of each of their things: world.py."""
    return World(shop)


@pytest.fixture(scope="session")
def db(world):
    return world.shop.db


@pytest.fixture
def talk(shop):
    """A customer and a vendor in conversation, both new."""
    return Talk(shop)


@pytest.fixture
def terminal():
    """(our side of a terminal, the side that a process has, what closes either)"""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be had here: {error}")
    open_ends = {ours, theirs}

    def close(end):
        if end in open_ends:
            open_ends.remove(end)
            os.close(end)

    yield ours, theirs, close
    for end in list(open_ends):
        close(end)


@pytest.fixture
def own_server():
    """A server of the test's own, for tests that kill and restart: own_server(SETTING="…") starts
    one. Afterwards its data must be sound and nothing of it left behind."""
    servers = []

    def start(**settings):
        servers.append(Server(**settings))
        return servers[-1].start()

    try:
        yield start
        bad = [each for server in servers for each in after(server)]
        assert not bad, "\n".join(bad)
    finally:
        for server in servers:
            server.remove()
