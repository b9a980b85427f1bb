"""One real server: `sebez serve` with its embedded services in a folder of its own."""
import contextlib
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import redis
import requests

from . import first_start
from .contract import BUILD, ROOT
from .db import Database
from .through import Through

START_S = 120  # a sanitized build, initdb, and a busy machine
STOP_S = 60
TMP = os.environ.get("SEBEZ_TEST_TMP", "/tmp")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """start(), stop(), kill(); `data` outlives a stop, so that it can be started again. One that
    is `prepared` begins with what a first start leaves."""

    def __init__(self, through=os.environ.get("SEBEZ_TEST_THROUGH"), prepared=True, **settings):
        self.prepared = prepared and first_start.is_as_any(settings)
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="sebez-wire-", dir=TMP))
        self.data.chmod(0o755)
        self.log = self.data / "test-server.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sanitizer = self.data / "sanitizer"
        self.sanitizer.mkdir()
        self.sanitizer.chmod(0o777)  # processes that changed their user write here too
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("SEBEZ_")},
            "SEBEZ_DATA": str(self.data / "var"),
            "SEBEZ_LISTEN": f"127.0.0.1:{self.port}",
            "SEBEZ_PROCESSES": "2",
            "SEBEZ_DEMO": "no",
            "SEBEZ_SANDBOX": "yes",
            "SEBEZ_MEDIA_PROCESSES": "0",  # for tests of their own
            "IOS_APP_IDS": "ABCDE12345.com.example.shop  ABCDE12345.com.example.beta",
            "ANDROID_PACKAGE": "com.example.shop",
            "ANDROID_CERTIFICATES": ":".join(32 * ["A0"]),
            "SEBEZ_JOBS_INTERVAL_MS": "200",
            "SEBEZ_RANKING_INTERVAL_MS": "200",
            "ASAN_OPTIONS": f"log_path={self.sanitizer}/asan:detect_leaks=1:"
                            "detect_stack_use_after_return=0:abort_on_error=0",
            "UBSAN_OPTIONS": f"log_path={self.sanitizer}/ubsan:print_stacktrace=1:halt_on_error=1",
            "LSAN_OPTIONS": f"suppressions={ROOT}/tests/wire/lsan.supp:print_suppressions=0",
            **{key: str(value) for key, value in settings.items()},
        }
        for unwanted in ("DATABASE_URL", "REDIS_URL"):
            if unwanted not in settings:
                self.environment.pop(unwanted, None)
        self.through = Through(through, free_port()) if through else None
        if through:
            self.url = self.through.url
            self.environment["SEBEZ_BEHIND_PROXY"] = "yes"
        self.process = None
        self._db = None

    def start(self, wait=True, **more):
        """`more` is for subprocess.Popen."""
        if self.prepared:
            first_start.copy(prepare, self.data / "var")
            self.prepared = False
        with self.log.open("ab") as log:
            # It ends with the thread that starts it, and so with the tests, however they end.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", BUILD / "sebez",
                                             "serve"], cwd=ROOT, stdout=log, stderr=log,
                                            env=self.environment, start_new_session=True,
                                            **more)
        if self.through:
            self.through.start(self)
        if wait:
            self.wait_ready()
        return self

    def connect(self):
        """A connection of HTTP/1.1, to it or what is in front of it."""
        if self.through:
            return self.through.connect()
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def wait_ready(self):
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n"
                                     + self.tail())
            try:
                if requests.get(self.url + "/readyz", timeout=5, verify=self.trusted)\
                        .status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        raise AssertionError("the server did not become ready:\n" + self.tail())

    @property
    def trusted(self):
        """What requests verifies certificates with."""
        return self.through.certificate if self.through else True

    def tail(self, lines=60):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def sebez(self, *arguments, check=True, timeout=120):
        """A subcommand on the same data: server.sebez("check", "--data")."""
        done = subprocess.run([BUILD / "sebez", *arguments], cwd=ROOT, env=self.environment,
                              capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"sebez {' '.join(map(str, arguments))} ended with "
                                 f"{done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    @property
    def db(self):
        if self._db is None:
            self._db = Database(self.data / "var")
        return self._db

    def redis(self):
        """A client of the embedded Redis."""
        (path,) = [str(p) for p in pathlib.Path(self.db.folder).rglob("*redis*") if p.is_socket()]
        return redis.Redis(unix_socket_path=path)

    def forget_limits(self):
        """Empties Redis: it holds nothing that cannot be lost, the counters of limits among it."""
        self.redis().flushall()

    def family(self):
        """Pids of every living process of this server: those that name its folder in their
        environment, command or working directory, and all that descend from them."""
        mark = str(self.data)
        parents, mine = {}, set()
        for entry in pathlib.Path("/proc").iterdir():
            try:
                pid = int(entry.name)
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                known = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                at_home = os.readlink(entry / "cwd").startswith(mark)
            except (OSError, ValueError):
                continue
            if state != "Z":
                parents[pid] = int(parent)
                if at_home or mark.encode() in known:
                    mine.add(pid)
        more = mine
        while more:
            more = {pid for pid, parent in parents.items() if parent in mine} - mine
            mine |= more
        return mine - {os.getpid()}

    def stop(self, how=signal.SIGTERM):
        """Asks it to end and returns what was wrong with how it did: an empty list."""
        bad = []
        if self._db:
            self._db.close()
            self._db = None
        self.process.send_signal(how)
        try:
            status = self.process.wait(STOP_S)
            if status != 0:
                bad.append(f"serve ended with {status}")
        except subprocess.TimeoutExpired:
            bad.append(f"serve did not end within {STOP_S} s of {how.name}")
        deadline = time.monotonic() + 5
        while self.family() and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in self.family():
            try:
                named = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue  # it has ended
            bad.append(f"process {pid} is left behind: {named.decode(errors='replace')[:200]}")
            self._end(pid)
        return bad + self.reports()

    def reports(self):
        """What the sanitizers wrote."""
        texts = {file.name: file.read_text(errors="replace")
                 for file in sorted(self.sanitizer.iterdir())}
        # The first is said of every program that has fibers; ours tell the sanitizer of each
        # switch. The second is said when kill -9 comes while a process looks for leaks at its end.
        known = re.compile(r"==\d+==WARNING: ASan doesn't fully support makecontext.*\n"
                           r"|==\d+==Unable to get registers from thread \d+\.\n")
        return [f"{name}:\n{text[:8000]}" for name, text in texts.items()
                if known.sub("", text).strip()]

    def kill(self):
        """kill -9 of the supervisor alone; what becomes of its children is the server's affair."""
        self.process.kill()
        self.process.wait()

    @staticmethod
    def _end(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def remove(self):
        for pid in self.family():
            self._end(pid)
        if self.through:
            self.through.end()
        if os.environ.get("SEBEZ_TEST_KEEP"):
            print(f"kept: {self.data}")
        else:
            shutil.rmtree(self.data, ignore_errors=True)


def prepare(data):
    """Moves to `data` what a first start leaves."""
    server = Server(through=None, prepared=False)
    try:
        server.start()
        bad = server.stop()
        assert not bad, "\n".join(bad)
        shutil.move(server.data / "var", data)
    finally:
        server.remove()


@contextlib.contextmanager
def folder(**settings):
    """A server that is not started; nothing of it is left afterwards."""
    server = Server(prepared=False, **settings)
    try:
        yield server
    finally:
        server.remove()
