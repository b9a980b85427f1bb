"""A server of which nothing is kept on its machine: PostgreSQL, Redis and the store of files are
elsewhere, secrets are files, and the data folder is one that nobody can make."""
import contextlib
import signal

import pytest
from harness import sent
from harness.s3 import bucket
from harness.server import folder
from harness.shop import Shop
from harness.wait import until

KEY = "01" * 32


@pytest.fixture(scope="module")
def own():
    """The machine with the services."""
    with folder(SEBEZ_SECRET=KEY) as server:
        yield server.start()
        assert server.stop() == []


def run(server, *arguments, **settings):
    server.environment.update(settings)
    return server.sebez(*arguments, check=False)


@contextlib.contextmanager
def elsewhere(own, **settings):
    """A second machine."""
    services = {"DATABASE_URL": f"host={own.db.folder} user=sebez_super dbname=sebez",
                "REDIS_URL": f"unix:{own.db.folder}/redis.sock"}
    with bucket() as files, folder(**services, **files, **settings) as server:
        secret = server.data / "secret-of-the-shop"
        secret.write_text(KEY + "\n")
        server.environment |= {"SEBEZ_SECRET_FILE": str(secret), "SEBEZ_DATA": "/proc/sebez/var"}
        yield server


def test_a_server_needs_no_data_folder_when_all_services_are_elsewhere(own):
    with elsewhere(own, SEBEZ_MEDIA_PROCESSES=1) as server:
        assert "all checks passed" in run(server, "check").stdout
        server.start()
        customer = Shop(server).customer()
        assert sent.done(customer, sent.send(customer, sent.png("elsewhere")))["state"] == "ready"
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in server.tail())
        assert server.stop() == []


def test_without_a_data_folder_no_server_is_found(own):
    with elsewhere(own) as server:
        server.start()
        for command in ("status", "stop", "reload"):
            done = run(server, command)
            assert done.returncode == 1
            assert "no server with the data folder /proc/sebez/var is running" in done.stderr
        assert server.stop() == []


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "S3_BUCKET"])
def test_a_folder_that_is_needed_must_be_there(own, name):
    with elsewhere(own) as server:
        del server.environment[name]
        if name == "S3_BUCKET":
            server.environment.pop("S3_ENDPOINT")
        done = run(server, "serve")
    assert done.returncode == 1
    assert "cannot use the data folder /proc/sebez/var (SEBEZ_DATA)" in done.stderr


def test_a_secret_in_a_file_is_read_once_and_passed_on(own):
    with elsewhere(own) as server:
        server.start()
        (server.data / "secret-of-the-shop").unlink()
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "reloaded" in server.tail())
        assert server.stop() == []


def test_a_setting_that_is_given_twice_is_refused(own):
    with elsewhere(own) as server:
        done = run(server, "serve", SEBEZ_SECRET=KEY)
    assert done.returncode == 2
    assert "SEBEZ_SECRET and SEBEZ_SECRET_FILE" in done.stderr
    assert KEY not in done.stderr
