"""See upgrade.sh."""
import contextlib
import copy
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/wire"))

from harness import nginx, server as harness_server  # noqa: E402
from harness.pair import Instance  # noqa: E402
from harness.persistent import Buyer, Writer, more, stop  # noqa: E402
from harness.db import DATABASE, SUPERUSER  # noqa: E402
from harness.server import TMP, Server, free_port  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.through import Through  # noqa: E402
from harness.wait import until  # noqa: E402

NEXT = pathlib.Path(os.environ["SEBEZ_NEXT"])
ROUNDS = 15  # orders and messages of each person between two steps
RELOADS = 2  # of nginx


class Front(Through):
    """nginx with workers, as it is in production, in front of the servers that a file names."""

    def begin(self, *servers):
        self.folder.chmod(0o755)
        self.upstreams = self.folder / "upstreams"
        self.lead_to(*servers)
        made = servers[0].sebez(
            "nginx-conf", "--name", "localhost", "--https", f"127.0.0.1:{self.port}", "--http",
            f"unix:{self.folder}/http", "--cert", self.folder / "cert", "--key",
            self.folder / "key", "--log", "off", "--upstream-file", self.upstreams, "--nginx",
            nginx.version())
        text = nginx.CONFIGURATION.replace("master_process off;", "worker_processes 2;")
        (self.folder / "conf").write_text(text.format(folder=self.folder, http=made.stdout))
        self.process = subprocess.Popen(
            [nginx.program("nginx"), "-p", self.folder, "-e", self.folder / "log", "-c",
             self.folder / "conf"])
        until(lambda: self.workers())

    def start(self, server, *arguments):
        """It is there already."""

    def lead_to(self, *servers):
        self.upstreams.write_text("".join(f"server 127.0.0.1:{one.port};\n" for one in servers))

    def workers(self):
        pid = self.process.pid
        return set(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def reload(self, *servers):
        """As docs/OPERATIONS.md says; returns when new workers answer."""
        before = self.workers()
        self.lead_to(*servers)
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.workers() - before)
        time.sleep(1)

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def program(folder):
    """What is started meanwhile is this build's."""
    ours, harness_server.BUILD = harness_server.BUILD, folder
    yield
    harness_server.BUILD = ours


class Scene:
    def __init__(self, root):
        self.root = root
        self.instance = Instance(root, "one").create()
        self.redis_port, port = free_port(), free_port()
        self.redis = subprocess.Popen(["redis-server", "--port", str(self.redis_port), "--bind",
                                       "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL,
                                      cwd=root)
        self.front = Front("h1", port)
        self.servers = []

    def server(self, build):
        server = Server(SEBEZ_SECRET="04" * 32, SEBEZ_LIMITS="no", SEBEZ_BEHIND_PROXY="yes",
                        REDIS_URL=f"redis://127.0.0.1:{self.redis_port}", DATABASE_URL=
                        f"postgresql://{SUPERUSER}@127.0.0.1:{self.instance.port}/{DATABASE}")
        self.servers.append(server)
        with program(build):
            server.start()
        server._db = self.instance.db
        return server

    def stop(self, server):
        server._db = None
        bad = server.stop()
        assert bad == [], bad

    def close(self):
        for server in self.servers:
            server._db = None
            server.remove()
        if self.front.process is not None:
            self.front.end()
        self.redis.terminate()
        self.redis.wait()
        self.instance.forget()
        self.instance.kill()




def drill(scene, people):
    now = harness_server.BUILD
    old = [scene.server(now), scene.server(now)]
    scene.front.begin(*old)
    seen = copy.copy(old[0])  # as people see them both
    seen.through, seen.url = scene.front, scene.front.url
    shop = Shop(seen)
    vendor = shop.vendor()
    goods = [vendor.product(stock=10_000_000), shop.product(stock=10_000_000)]
    people += [Buyer(shop, *goods) for _ in range(4)] + [Writer(shop, vendor) for _ in range(2)]
    for one in people:
        one.start()
    until(more(people, ROUNDS))
    print("a server of the next version beside them: it migrates", flush=True)
    new = [scene.server(NEXT)]
    assert scene.instance.db.one(
        "select count(*) from sebez_migration where name = '0001_drill.sql'") == 1
    until(more(people, ROUNDS))  # the old version serves from what the new one has migrated
    scene.front.reload(old[1], new[0])
    scene.stop(old[0])
    print("both versions serve", flush=True)
    until(more(people, ROUNDS))
    new.append(scene.server(NEXT))
    scene.front.reload(*new)
    scene.stop(old[1])
    print("the next version serves", flush=True)
    until(more(people, ROUNDS))
    stop(people)
    return new[0]


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="sebez-upgrade-", dir=TMP))
    root.chmod(0o755)
    scene, people = Scene(root), []
    try:
        server = drill(scene, people)
        count = sum(len(one.acknowledged) for one in people)
        lacks = [lack for one in people for lack in one.lacks(scene.instance.db)]
        troubles = [trouble for one in people for trouble in one.troubles]
        # nginx closes idle connections when it reloads; who sends there just then sends again, so
        # each of the people at most once a reload.
        closed = [trouble for trouble in troubles if trouble[0] in ("ConnectionError", "SSLError")]
        with program(NEXT):
            checked = server.sebez("check", "--data", check=False)
    finally:
        for one in people:
            one.done.set()
        scene.close()
        shutil.rmtree(root, ignore_errors=True)
    assert not lacks and checked.returncode == 0, (lacks, checked.stdout, checked.stderr)
    print(f"{count} orders and messages acknowledged, lost or doubled 0; "
          f"requests that failed: {len(troubles) - len(closed)}; sent again because nginx had "
          f"closed the connection: {len(closed)}")
    assert len(troubles) == len(closed) <= RELOADS * len(people), troubles[:20]


main()
