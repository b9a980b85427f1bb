"""`sebez media move` is cut off at any moment and by failures of either store: it goes on where it
was, and nothing is lost."""
import random
import shutil
import subprocess

import pytest

from conftest import SEED
from harness import s3
from harness.contract import BUILD
from harness.media import files_of, folder_of, keep
from harness.s3_front import Front, drop, halve, refuse, stray
from harness.server import folder
from harness.wait import until

FAULTS = (drop, halve, stray, refuse(500, "InternalError"), refuse(503, "SlowDown"),
          refuse(403, "AccessDenied"))


class Mover:
    """A marketplace whose server is not started, with a folder and a bucket behind a proxy."""

    def __init__(self, server, settings):
        self.server, self.settings = server, settings
        self.front = Front(settings["S3_ENDPOINT"])
        server.environment |= {**settings, "S3_ENDPOINT": self.front.endpoint,
                               "SEBEZ_MEDIA_STORE": "s3+folder"}

    def begin(self, where):
        return subprocess.Popen([BUILD / "sebez", "media", "move", "--to", where],
                                env=self.server.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def whole(self, where):
        done = self.server.sebez("media", "move", "--to", where)
        assert "0 failed" in done.stdout
        return done.stdout

    def in_bucket(self, key):
        answer = s3.call(self.settings, "GET", key)
        return answer.content if answer.status_code == 200 else None


@pytest.fixture(name="server_at_rest", scope="module")
def a_server_that_is_not_started():
    with folder() as server:
        server.sebez("migrate")
        yield server


@pytest.fixture(name="mover")
def a_mover(server_at_rest):
    with s3.bucket() as settings:
        mover = Mover(server_at_rest, settings)
        mover.whole("s3")
        yield mover
    shutil.rmtree(folder_of(server_at_rest) / "public", ignore_errors=True)


def some(dice, server, count):
    """Objects of all sizes in the folder: of none, some and many bytes, in more than one part."""
    made = {}
    for number in range(count):
        size = dice.choice((0, 1, dice.randrange(100), dice.randrange(300_000)))
        size = 17_000_000 if number == 0 else size
        key = f"public/{dice.getrandbits(128):032x}/{dice.choice((160, 320))}.jpg"
        made[key] = dice.randbytes(size)
        keep(server, key, made[key])
    return made


def all_moved(mover, made):
    for key, data in made.items():
        assert mover.in_bucket(key) == data, key
    assert s3.keys_of(mover.settings) == sorted(made)


def test_a_move_that_is_killed_at_any_moment_goes_on(mover):
    print("seed", SEED)
    dice = random.Random(SEED)
    made = some(dice, mover.server, 150)
    for where in ("s3", "folder"):
        for _ in range(8):
            process = mover.begin(where)
            answered = mover.front.seen + dice.randrange(60)
            until(lambda: mover.front.seen >= answered or process.poll() is not None)
            process.kill()
            process.communicate()
            kept = s3.keys_of(mover.settings)
            assert all(mover.in_bucket(key) == made[key] for key in dice.sample(kept, min(
                len(kept), 5))), "an object is whole or absent"
        mover.whole(where)
        assert f"0 copied (0 bytes), {len(made)} there already" in mover.whole(where)
        all_moved(mover, made)
        if where == "s3":
            for key in made:
                (folder_of(mover.server) / key).unlink()
    assert {key: (folder_of(mover.server) / key).read_bytes() for key in files_of(mover.server)
            if not key.startswith("tmp/")} == made


@pytest.mark.parametrize("where", ["s3", "folder"])
def test_a_move_survives_any_failure_of_the_store(mover, where):
    print("seed", SEED)
    dice = random.Random(SEED)
    made = some(dice, mover.server, 60)
    if where == "folder":
        mover.whole("s3")
        for key in made:
            (folder_of(mover.server) / key).unlink()
    for fault in FAULTS:
        chance = dice.choice((0.3, 0.9))
        mover.front.fault = lambda request, fault=fault, chance=chance: (
            dice.random() < chance and fault(request))
        process = mover.begin(where)
        process.communicate(timeout=300)
    mover.front.fault = None
    mover.whole(where)
    all_moved(mover, made)
    if where == "folder":
        assert {key: (folder_of(mover.server) / key).read_bytes() for key in made} == made


def test_a_move_stops_while_the_store_is_away(mover):
    made = some(random.Random(1), mover.server, 300)
    mover.front.fault = refuse(403, "AccessDenied")
    done = mover.server.sebez("media", "move", "--to", "s3", check=False)
    assert done.returncode == 1 and "run it again" in done.stderr
    assert done.stderr.count("403 AccessDenied") <= 20
    assert int(done.stdout.rpartition(", ")[2].split()[0]) < 200
    mover.front.fault = None
    mover.whole("s3")
    all_moved(mover, made)


def test_a_move_replaces_nothing_newer(mover):
    """Servers that run with s3+folder put what is new into the bucket."""
    key = keep(mover.server, "public/" + "a" * 32 + "/160.jpg", b"old")
    assert s3.call(mover.settings, "PUT", key, b"newer").status_code == 200
    mover.whole("s3")
    assert mover.in_bucket(key) == b"newer"
