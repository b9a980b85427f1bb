"""Which data folder a command works with, wherever it is called."""
import contextlib
import os
import shutil
import subprocess

import pytest

from harness.contract import BUILD
from harness.server import folder
from harness.wait import until

TOOLS = (["check"], ["demo"], ["import", "--vendor", "clay", "/dev/null"],
         ["admin", "create", "--email", "a@example.com", "--password", "x" * 9])
pytestmark = pytest.mark.one_user
as_other_user = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as two users")


class Clone:
    """A folder with the program in build/, as a clone has it; no setting names the data folder.
    The user is one who runs no other server."""

    def __init__(self, server):
        self.server, self.path = server, server.data / "clone"
        (self.path / "build").mkdir(parents=True)
        self.program = self.path / "build/sebez"
        shutil.copy(BUILD / "sebez", self.program)
        self.nowhere = server.data / "nowhere"
        self.nowhere.mkdir()
        self.environment = {**server.environment, "SEBEZ_LISTEN": "127.0.0.1:0"}
        del self.environment["SEBEZ_DATA"]
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            for path in (self.path, self.nowhere):
                shutil.chown(path, "nobody", "nogroup")

    def run(self, *words, cwd=None):
        done = subprocess.run([self.program, *words], cwd=cwd or self.nowhere, check=False,
                              env=self.environment, capture_output=True, text=True, **self.user)
        assert list(self.nowhere.iterdir()) == []
        return done

    @contextlib.contextmanager
    def serve(self, cwd):
        """Runs in this folder; gives its URL."""
        shutil.chown(cwd, "nobody" if self.user else None, "nogroup" if self.user else None)
        with subprocess.Popen([self.program, "serve"], cwd=cwd, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              **self.user) as process:
            try:
                said = next(line for line in process.stdout if line.startswith("Sebez is running"))
                yield said.split()[-1]
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def clone():
    with folder() as server:
        yield Clone(server)
        bad = server.reports()
        assert not bad, "\n".join(bad)


@pytest.mark.parametrize("words", TOOLS, ids=lambda words: words[0])
def test_no_tool_makes_a_data_folder(clone, words):
    done = clone.server.sebez(*words, check=False)
    assert done.returncode == 1 and "`sebez migrate` makes it" in done.stderr
    assert not (clone.server.data / "var").exists()


@as_other_user
@pytest.mark.parametrize("word", ["check", "status"])
def test_a_command_that_finds_nothing_says_so_and_makes_nothing(clone, word):
    done = clone.run(word)
    assert done.returncode == 1 and "data folder ./var" in done.stderr


def test_a_tool_called_elsewhere_takes_the_folder_beside_its_program_and_says_so(clone):
    assert clone.run("migrate", cwd=clone.path).returncode == 0
    done = clone.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"using the data folder {clone.path}/var\n" in done.stderr


def test_a_server_that_runs_beside_the_program_is_asked_from_anywhere(clone):
    with clone.serve(clone.path) as url:
        said = clone.run("status")
        assert url in said.stdout and f"using the data folder {clone.path}/var, of" in said.stderr
        assert clone.run("stop").returncode == 0


@as_other_user
def test_the_server_that_this_user_runs_is_found_and_of_several_none_is_guessed(clone):
    shutil.rmtree(clone.path / "var", ignore_errors=True)
    places = [clone.server.data / name for name in ("first", "second")]
    for place in places:
        place.mkdir()
    with clone.serve(places[0]) as url:
        done = clone.run("check")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"using the data folder {places[0]}/var, of the running server" in done.stderr
        with clone.serve(places[1]):
            for word in ("check", "stop"):
                done = clone.run(word)
                assert done.returncode == 1 and "several servers are running" in done.stderr
                assert all(f"SEBEZ_DATA={place}/var" in done.stderr for place in places)
        until(lambda: url in clone.run("status").stdout)
