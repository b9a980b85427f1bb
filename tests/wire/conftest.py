"""One real server for the whole session, and what must be true when it is over."""
import collections
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import sys

import hypothesis
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import shares  # noqa: E402
from harness import certificate, codes, contract  # noqa: E402
from harness.clients import made_world  # noqa: E402
from harness.pictures import elsewhere  # noqa: E402
from harness.server import TMP, Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.talk import Talk  # noqa: E402
from world import World  # noqa: E402

EXAMPLES = int(os.environ.get("SEBEZ_TEST_EXAMPLES", "25"))
SEED = int(os.environ.get("SEBEZ_TEST_SEED", "20260301"))
hypothesis.settings.register_profile(
    "sebez", max_examples=EXAMPLES, deadline=None, print_blob=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile("sebez")
EXPECTED = pytest.StashKey()
times = collections.Counter()  # seconds of each test, with its fixtures
has_own_server = {}


def pytest_addoption(parser):
    parser.addoption("--share", metavar="K/N", default="1/1",
                     help="the K-th of N shares of the files, which are the same in every run")


def pytest_report_header(config):
    return (f"build: {contract.BUILD}, seed: {SEED} (SEBEZ_TEST_SEED), "
            f"examples: {EXAMPLES} (SEBEZ_TEST_EXAMPLES)")


@pytest.hookimpl(trylast=True)  # after -k and -m
def pytest_collection_modifyitems(config, items):
    """The share of this run, heavy files first."""
    share, count = map(int, config.getoption("--share").split("/"))
    has_own_server.update({item.nodeid: "own_server" in item.fixturenames for item in items})
    files = shares.weighed(((item.nodeid, has_own_server[item.nodeid]) for item in items),
                           shares.read_weights())
    owner, seconds = shares.deal(files, count)
    config.stash[EXPECTED] = (f"share {share}/{count}: {seconds[share - 1]:.0f} s of "
                              f"{sum(seconds):.0f} by tests/wire/weights.json")

    def file_of(item):
        return item.nodeid.partition("::")[0]

    items.sort(key=lambda item: (-files[file_of(item)], file_of(item)))
    others = [item for item in items if owner[file_of(item)] != share - 1]
    items[:] = [item for item in items if owner[file_of(item)] == share - 1]
    config.hook.pytest_deselected(items=others)


def pytest_runtest_logreport(report):
    times[report.nodeid] += report.duration


def pytest_sessionfinish():
    """What shares.py reads."""
    if path := os.environ.get("SEBEZ_TEST_TIMES"):
        pathlib.Path(path).write_text(json.dumps(
            [[nodeid, seconds, has_own_server[nodeid]] for nodeid, seconds in times.items()],
            indent=0))


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("--share") != "1/1":
        terminalreporter.write_line(config.stash[EXPECTED])


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


@pytest.fixture(scope="session", autouse=True)
def trusted(tmp_path_factory):
    """What is in front of servers has the certificate that this process makes (through.py)."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get("SEBEZ_TEST_THROUGH"):
            folder = tmp_path_factory.mktemp("certificate")
            certificate.write(folder)
            patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "cert"))
        yield


@pytest.fixture(scope="session")
def server():
    with serving(**codes.NOWHERE) as server:
        yield server


@pytest.fixture(scope="session")
def shop(server):
    return Shop(server)


@pytest.fixture(scope="session")
def push():
    """A server that sends push messages to a fake of their providers: pushes.Pushes."""
    pytest.importorskip("h2", reason="python3-h2 is not installed")
    from harness import pushes  # which needs it
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


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
def clay(shop):
    """A new vendor."""
    return shop.vendor()


@pytest.fixture
def site():
    """A server elsewhere, which has pictures."""
    with elsewhere() as site:
        yield site


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


@pytest.fixture(scope="module")
def sdk_world(tmp_path_factory):
    """The file that tells the tests of an SDK what they act on: clients.py."""
    with serving(SEBEZ_MEDIA_PROCESSES=1) as running:
        file = tmp_path_factory.mktemp("sdk") / "world.json"
        file.write_text(json.dumps(made_world(Shop(running))))
        yield file


@pytest.fixture(scope="module")
def mail():
    """A server that sends mails, and the mail server that takes them: mails.py."""
    from harness import mails  # needs aiosmtpd, which the tests of mails ask for

    with mails.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)
