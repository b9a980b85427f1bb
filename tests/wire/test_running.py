"""Starting, stopping, reloading, and coming back after kill -9."""
import concurrent.futures
import contextlib
import datetime
import os
import pathlib
import signal
import socket
import subprocess
import threading

import pytest
import requests

from harness.contract import BUILD, ROOT
from harness.feed import members, until_waiting
from harness.server import folder
from harness.wait import until
from harness.shop import Shop


@pytest.fixture(scope="module")
def own():
    """A server of this module's own: these tests treat it badly."""
    with folder(SEBEZ_MEDIA_PROCESSES=1) as server:
        yield server.start()
        assert server.stop() == []


def named(server, word):
    """Pids of the server's processes whose command says the word."""
    found = []
    for pid in server.family():
        try:
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(words) > 1 and words[1] == word.encode() or word.encode() in words[0]:
            found.append(pid)
    return found


class Callers:
    """Clients that ask again and again, some on kept connections and some on new ones."""

    def __init__(self, url, count=4):
        self.url, self.going, self.good, self.bad = url, True, 0, []
        self.threads = [threading.Thread(target=self.ask, args=(n % 2 == 0,)) for n in range(count)]

    def ask(self, keep):
        session = requests.Session()
        while self.going:
            try:
                answer = (session if keep else requests).get(self.url + "/v1/products", timeout=20)
                if answer.status_code == 200:
                    self.good += 1
                else:
                    self.bad.append(answer.status_code)
            except requests.RequestException as error:
                self.bad.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        for thread in self.threads:
            thread.join()


@pytest.mark.plain
def test_a_reload_under_load_fails_no_request(own):
    before = set(named(own, "api"))
    with Callers(own.url) as callers:
        for _ in range(3):
            own.sebez("reload")
            until(lambda: not before & set(named(own, "api")))
            before = set(named(own, "api"))
    assert callers.bad == []
    assert callers.good > 0
    until(lambda: len(named(own, "api")) == 2)


@pytest.mark.plain
@pytest.mark.parametrize("word", ["api", "jobs", "media", "redis", "postgres"])
def test_what_dies_is_replaced(own, word):
    (before, *others) = named(own, word)
    os.kill(before, signal.SIGKILL)
    until(lambda: set(named(own, word)) - {before, *others})
    until(lambda: requests.get(own.url + "/readyz", timeout=20).status_code == 200)
    until(lambda: requests.get(own.url + "/v1/products", timeout=20).status_code == 200)


@pytest.mark.parametrize("word", ["api", "jobs", "media"])
def test_what_hangs_is_replaced(own, word):
    (before, *others) = members(own, word)
    os.kill(before, signal.SIGSTOP)
    until(lambda: before not in members(own, word) and len(members(own, word)) == 1 + len(others))
    assert set(others) < set(members(own, word))
    until(lambda: requests.get(own.url + "/readyz", timeout=20).status_code == 200)


def test_what_hangs_when_it_is_asked_to_go_is_killed(own_server):
    server = own_server(SEBEZ_DRAIN_MS="1000")
    until(lambda: len(members(server)) == 2)
    before = set(members(server))
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    server.sebez("reload")
    until(lambda: not before & set(members(server)))


def test_why_a_store_is_away_is_logged_and_that_it_is_back(own_server):
    server = own_server()
    (redis,) = named(server, "redis")
    os.kill(redis, signal.SIGKILL)
    until(lambda: '"store is unavailable","store":"redis","reason":"' in server.log.read_text())
    until(lambda: '"store is available again","store":"redis"}' in server.log.read_text())


def test_tools_use_the_services_of_a_running_server(own):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: own.sebez("check"), range(4)))
    assert all("all checks passed" in one.stdout for one in done)
    assert requests.get(own.url + "/readyz", timeout=20).status_code == 200


def test_a_second_server_on_the_same_data_is_refused(own):
    done = own.sebez("serve", check=False)
    assert done.returncode == 1
    assert f"already running: {own.url}, process {own.process.pid}," in done.stderr
    assert "sebez stop" in done.stderr


def test_status_says_where_the_server_runs_and_since_when(own):
    version = own.sebez("version").stdout.split()[1]
    said = own.sebez("status").stdout
    assert said.startswith(f"Sebez is running:  {own.url}\n")
    told = dict(line.split(maxsplit=1) for line in said.splitlines()[1:])
    since = datetime.datetime.fromisoformat(told.pop("since").replace(" UTC", "+00:00"))
    assert since <= datetime.datetime.now(datetime.timezone.utc)
    assert told == {"process": str(own.process.pid), "version": version,
                    "data": str(own.data / "var")}


def test_a_server_is_stopped_by_command_and_is_gone_then():
    with folder() as server:
        for word in ("status", "stop", "reload"):
            done = server.sebez(word, check=False)
            assert done.returncode == 1 and "is running" in done.stderr
        server.start()
        assert f"stopped server {server.process.pid}" in server.sebez("stop").stdout
        assert server.process.wait(5) == 0 and server.family() == set()
        assert server.sebez("status", check=False).returncode == 1


def test_metrics_tell_of_all_processes(own):
    for _ in range(20):
        requests.get(own.url + "/healthz", timeout=20)
    text = requests.get(own.url + "/metrics", timeout=20).text
    for word in ('sebez_requests_total{operation="getHealth",status="200"}',
                 'sebez_request_duration_seconds_bucket{operation="getHealth",le="+Inf"}',
                 'sebez_pool_queued{process="0",role="sebez_public"}',
                 'sebez_pool_queued{process="1",role="sebez_public"}',
                 'sebez_fibers{process="2"}',
                 'sebez_client_calls_total{process="2",outcome="answered"}',
                 'sebez_http_parked{process="0"}',
                 'sebez_process_private_bytes{process="0"}'):
        assert word in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_no_cache_keeps_what_is_said_of_this_moment(own, path):
    assert requests.get(own.url + path, timeout=20).headers["Cache-Control"] == "no-store"


def with_descriptors(server, option, count):
    """The server's program, with this limit of open descriptors."""
    program = server.data / "limited"
    program.mkdir()
    (program / "sebez").write_text(f"#!/bin/sh\nulimit {option} {count}\n"
                                   f'exec "{BUILD.resolve()}/sebez" "$@"\n')
    (program / "sebez").chmod(0o755)
    return program


def test_a_soft_limit_of_descriptors_is_raised(monkeypatch):
    with folder(SEBEZ_PROCESSES="1") as server, contextlib.ExitStack() as opened:
        monkeypatch.setattr("harness.server.BUILD", with_descriptors(server, "-Sn", 200))
        server.start()
        for _ in range(300):
            one = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert one.recv(4096).startswith(b"HTTP/1.1 200")
        assert server.stop() == []


def test_a_hard_limit_of_descriptors_leaves_room_for_the_database(monkeypatch):
    with folder(SEBEZ_PROCESSES="1") as server, contextlib.ExitStack() as opened:
        monkeypatch.setattr("harness.server.BUILD", with_descriptors(server, "-n", 300))
        server.start()
        assert '"low descriptor limit"' in server.log.read_text()
        first = opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
        for _ in range(400):
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port), 20))
        first.sendall(b"GET /v1/categories HTTP/1.1\r\nHost: x\r\n\r\n")
        assert first.recv(4096).startswith(b"HTTP/1.1 200")
        opened.close()
        assert server.stop() == []


def refuses_connections(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it came between the last accept and the close
        pass
    return False


def test_while_it_stops_new_connections_are_refused_and_requests_under_way_answered(own_server):
    server = own_server()
    vendor = Shop(server).vendor()
    made = vendor.do("createVendorProduct", body={
        "title": "Cup", "variants": [{"price": {"amount": 100, "currency": "USD"}}]})
    lock = server.db.connect()
    with lock.cursor() as cursor:
        cursor.execute("select from product where id = %s for update", (made["id"],))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        edit = pool.submit(vendor.call, "updateVendorProduct", product_id=made["id"],
                           body={"title": "Mug"})
        until_waiting(server.db, 1)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: refuses_connections(server))
        assert not edit.done()
        lock.rollback()
        assert edit.result().status_code == 200
    lock.close()
    assert server.process.wait(60) == 0
    assert '"stopped"' in server.log.read_text()


@pytest.mark.plain
def test_it_starts_again_on_kept_data_after_every_kind_of_end():
    with folder() as server:
        server.start()
        assert server.stop(signal.SIGINT) == []
        server.start()
        server.kill()
        server.start()  # at once: what the killed one left may still be running
        for pid in server.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.process.wait()
        server.start()
        assert server.stop() == []


def test_a_port_that_is_free_in_a_moment_is_waited_for():
    with folder() as server, socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        server.start(wait=False)
        threading.Timer(1, taken.close).start()
        server.wait_ready()
        assert server.stop() == []


def test_a_tool_without_a_server_starts_the_services_and_stops_them():
    with folder() as server:
        assert "up to date" in server.sebez("migrate").stdout
        assert "all checks passed" in server.sebez("check", "--data").stdout
        assert server.family() == set()


def test_a_path_too_long_for_a_socket_is_no_obstacle():
    with folder() as server:
        deep = server.data / ("a" * 60) / ("b" * 60)
        server.environment["SEBEZ_DATA"] = str(deep)
        server.sebez("migrate")
        sockets = pathlib.Path((deep / "run.path").read_text().strip())
        assert not sockets.exists()
        server.start()
        assert sockets.is_dir()
        os.kill(named(server, "redis")[0], signal.SIGKILL)
        assert server.stop() == []
        assert not sockets.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as somebody else")
def test_started_by_root_nothing_but_the_supervisor_is_root(own):
    for pid in own.family() - {own.process.pid}:
        with contextlib.suppress(FileNotFoundError):  # a session of PostgreSQL that has ended
            assert pathlib.Path(f"/proc/{pid}").stat().st_uid != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes as somebody else")
def test_a_folder_closed_to_the_unprivileged_user_is_no_obstacle():
    with folder() as server:
        server.data.chmod(0o700)
        server.sebez("migrate")
        assert "all checks passed" in server.sebez("check").stdout
        assert not pathlib.Path((server.data / "var/run.path").read_text().strip()).exists()


@pytest.mark.parametrize("name, value", [
    ("SEBEZ_PROCESSES", "many"), ("SEBEZ_LISTEN", "nowhere"), ("SEBEZ_CACHE", "perhaps"),
    ("SEBEZ_SECRET", "short"), ("SEBEZ_SECRET_PREVIOUS", "hidden"),
    ("REDIS_URL", "http://:hidden@x"), ("DATABASE_URL", "postgresql://user:hidden@[/x"),
    ("SEBEZ_RUN_AS", "root")])
def test_a_bad_setting_is_refused_by_name_and_never_repeated(name, value):
    if name == "SEBEZ_RUN_AS" and os.geteuid() != 0:
        pytest.skip("only root starts processes as somebody else")
    with folder(**{name: value}) as server:
        done = server.sebez("serve", check=False)
    assert done.returncode in (1, 2)
    assert name in done.stderr
    assert "hidden" not in done.stderr


def test_a_start_that_may_not_write_to_the_data_folder_says_so():
    with folder() as server:
        (server.data / "var/lock").mkdir(parents=True)
        done = server.sebez("serve", check=False)
    assert done.returncode == 1
    assert f"cannot write to the data folder {server.data}/var" in done.stderr


def test_a_health_check_says_whether_the_server_can_serve(own_server):
    server = own_server(SEBEZ_PROCESSES=1)
    assert server.sebez("ready").stdout == "ready\n"
    assert server.stop() == []
    done = server.sebez("ready", check=False)
    assert done.returncode == 1
    assert f"127.0.0.1:{server.port} does not answer" in done.stderr
    server.start()


@pytest.mark.parametrize("arguments, status", [
    ([], 2), (["--help"], 0), (["nonsense"], 2), (["serve", "--fast"], 2), (["serve", "--help"], 0),
    (["-h"], 0), (["help"], 0), (["help", "check"], 0), (["help", "admin"], 0), (["admin"], 2),
    (["admin", "-h"], 0), (["serve", "-h"], 0), (["admin", "create", "-h"], 0),
    (["import", "--vendor"], 2), (["import", "--vendor", "x"], 2), (["version"], 0),
    (["openapi"], 0), (["check", "--help"], 0), (["admin", "create", "--help"], 0)])
def test_the_command_line_explains_itself(arguments, status):
    done = subprocess.run([BUILD / "sebez", *arguments], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == status
    assert done.stderr if status else done.stdout and not done.stderr


def says(*arguments):
    return subprocess.run([BUILD / "sebez", *arguments], cwd=ROOT, capture_output=True, text=True,
                          check=True).stdout


@pytest.mark.parametrize("words", [[], ["serve"], ["check"], ["admin"], ["admin", "create"]])
def test_every_command_says_its_version(words):
    assert says(*words, "--version") == says(*words, "-V") == says("version")


@pytest.mark.parametrize("command, uses, others", [
    (["serve"], ["SEBEZ_LISTEN", "SEBEZ_DATA", "SEBEZ_PAYMENT_HOURS"], []),
    (["migrate"], ["DATABASE_URL", "SEBEZ_CURRENCY", "SEBEZ_PAYMENT_HOURS"], ["SEBEZ_LISTEN"]),
    (["import"], ["DATABASE_URL", "SEBEZ_SECRET"], ["SEBEZ_LISTEN", "SEBEZ_PAYMENT_HOURS"]),
    (["admin", "create"], ["SEBEZ_DATA", "SEBEZ_ADMIN_PASSWORD"], ["SEBEZ_LISTEN", "SEBEZ_DEMO"]),
    (["stop"], ["SEBEZ_DATA", "SEBEZ_DRAIN_MS"], ["DATABASE_URL"]),
    (["status"], ["SEBEZ_DATA"], ["DATABASE_URL", "SEBEZ_DRAIN_MS"]),
    (["version"], [], ["SEBEZ_DATA"])])
def test_the_help_of_a_command_shows_the_settings_that_it_uses(command, uses, others):
    text = says(*command, "--help")
    assert [name for name in uses if name not in text] == []
    assert [name for name in others if name in text] == []
