"""Installing and looking after a server: settings of a new marketplace, secrets, versions, and what
commands say and leave behind."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import termios

import pytest

from harness.contract import BUILD, ROOT
from harness.server import folder
from harness.wait import until

KEY, OTHER_KEY = "01" * 32, "02" * 32
LOCK = 7308326  # migrate.c
FUNCTIONS = "orders/functions.sql"  # a file of functions


@pytest.fixture(scope="module")
def own():
    """A shop that was begun with settings of its own."""
    with folder(SEBEZ_SECRET=KEY, SEBEZ_CURRENCY="EUR", SEBEZ_PAYMENT_HOURS=11,
                SEBEZ_ACCEPT_HOURS=12, SEBEZ_COMPLETE_DAYS=13, SEBEZ_SERVICE_FEE_FIXED=14,
                SEBEZ_SERVICE_FEE_BASIS_POINTS=15, SEBEZ_COMMISSION_BASIS_POINTS=16) as server:
        yield server.start()
        assert server.stop() == []


@contextlib.contextmanager
def beside(own, **settings):
    """A second machine: another data folder, the services of the first as DATABASE_URL."""
    services = {"DATABASE_URL": f"host={own.db.folder} user=sebez_super dbname=sebez",
                "REDIS_URL": f"unix:{own.db.folder}/redis.sock", "SEBEZ_SECRET": KEY}
    with folder(**{**services, **settings}) as server:
        yield server


def run(server, *arguments, **settings):
    server.environment.update(settings)
    return server.sebez(*arguments, check=False)


def passwords(own):
    return own.db.rows("select rolname, rolpassword from pg_authid where rolname ~ '^sebez_' "
                       "order by 1")


def applied(own):
    return own.db.rows("select name, sha256 from sebez_migration order by name")


@contextlib.contextmanager
def row(own, name, value):
    """sebez_migration says so for a while."""
    before = own.db.rows("select sha256 from sebez_migration where name = %s", name)
    own.db.rows("insert into sebez_migration (name, sha256) values (%s, %s) "
                "on conflict (name) do update set sha256 = excluded.sha256", name, value)
    try:
        yield
    finally:
        own.db.rows("delete from sebez_migration where name = %s", name)
        for each in before:
            own.db.rows("insert into sebez_migration (name, sha256) values (%s, %s)",
                        name, each["sha256"])


# Settings ---------------------------------------------------------------------------------------

def test_a_new_marketplace_begins_with_the_settings_of_its_first_start(own):
    (found,) = own.db.rows(
        "select currency, payment_hours, accept_hours, complete_days, service_fee_fixed,"
        "       service_fee_basis_points, commission_basis_points, version from platform")
    assert list(found.values()) == ["EUR", 11, 12, 13, 14, 15, 16, 1]


def test_what_admins_set_later_stays(own):
    with beside(own, SEBEZ_PAYMENT_HOURS=99) as second:
        assert run(second, "migrate").returncode == 0
    assert own.db.one("select payment_hours from platform") == 11


@pytest.mark.parametrize("command", ["serve", "migrate", "demo", "check"])
def test_another_currency_than_the_database_has_is_refused(own, command):
    with beside(own, SEBEZ_CURRENCY="USD") as second:
        done = run(second, command)
    assert done.returncode == 1
    assert "SEBEZ_CURRENCY is USD" in done.stderr and "EUR" in done.stderr


# Secrets ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", ["check", "demo", "migrate", "serve"])
def test_a_command_without_the_secret_of_an_external_database_changes_nothing(own, command):
    before = passwords(own)
    with beside(own, SEBEZ_SECRET="") as second:
        done = run(second, command)
        assert not (second.data / "var/secret").exists()
    assert done.returncode == 1
    assert "SEBEZ_SECRET is not set" in done.stderr
    assert passwords(own) == before


@pytest.mark.parametrize("arguments", [
    ["check"], ["demo"], ["admin", "create", "--email", "a@example.com", "--password", "x" * 9]])
def test_a_tool_with_another_secret_does_not_lock_the_servers_out(own, arguments):
    before = passwords(own)
    with beside(own, SEBEZ_SECRET=OTHER_KEY) as second:
        done = run(second, *arguments)
    assert done.returncode == 1
    assert "derived from another secret" in done.stdout \
        or "must be that of the servers" in done.stderr
    assert passwords(own) == before


def test_only_migrating_with_another_secret_changes_the_passwords_and_says_so(own):
    before = passwords(own)
    with beside(own, SEBEZ_SECRET=OTHER_KEY) as second:
        done = run(second, "migrate")
        assert done.returncode == 0 and "changing the passwords" in done.stderr
        assert "all checks passed" in run(second, "check").stdout
    assert passwords(own) != before
    own.sebez("migrate")
    assert "all checks passed" in own.sebez("check").stdout


def test_a_tool_makes_no_marketplace_in_an_empty_database(own):
    with contextlib.closing(own.db.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("create database empty")
    url = f"host={own.db.folder} user=sebez_super dbname=empty"
    with beside(own, DATABASE_URL=url, SEBEZ_CURRENCY="EUR") as second:
        done = run(second, "demo")
        assert done.returncode == 1
        assert "no marketplace in this database yet" in done.stderr
        assert "is not applied yet" in run(second, "check").stdout


# Versions ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", ["check", "demo", "migrate", "serve"])
@pytest.mark.parametrize("name, reason", [("9999_future.sql", "newer sebez"),
                                          ("schema", "another development version")])
def test_a_database_of_another_schema_is_refused_and_left_alone(own, command, name, reason):
    with row(own, name, "of another version"), row(own, FUNCTIONS, "of another version"):
        before = applied(own)
        with beside(own) as second:
            done = run(second, command)
        assert applied(own) == before
    assert done.returncode == 1
    assert reason in done.stdout + done.stderr


def test_functions_of_a_newer_version_are_replaced_by_sebez_migrate_alone(own):
    with row(own, "functions of version", "99.0.0"), row(own, FUNCTIONS, "of version 99"):
        before = applied(own)
        with beside(own) as second:
            for command in ("demo", "serve"):
                done = run(second, command)
                assert done.returncode == 1 and "those of sebez 99.0.0" in done.stderr
            assert applied(own) == before
            assert run(second, "migrate").returncode == 0
        assert applied(own) != before


def test_functions_of_an_older_version_are_replaced(own):
    with row(own, "functions of version", "0.0.9"), row(own, FUNCTIONS, "of version 0.0.9"):
        with beside(own) as second:
            run(second, "admin", "create", "--email", "new@example.com", "--password", "x" * 9)
        assert own.db.one("select sha256 from sebez_migration where name = %s", FUNCTIONS) \
            != "of version 0.0.9"


# Looking ----------------------------------------------------------------------------------------

def test_check_reports_what_is_missing_and_does_not_mend_it(own):
    with row(own, FUNCTIONS, "older"):
        before = applied(own)
        done = own.sebez("check", check=False)
        assert applied(own) == before
    assert done.returncode == 1
    assert "WRONG  orders/functions.sql" in done.stdout


@pytest.fixture(scope="module")
def locked_redis():
    """A Redis that wants a password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                           "--requirepass", "right"], stdout=subprocess.DEVNULL) as process:
        yield f"127.0.0.1:{port}"
        process.terminate()


@pytest.mark.parametrize("login, status, said", [
    (":right@", 0, "ok     redis"), (":wrong@", 1, "WRONG  redis: WRONGPASS"),
    ("", 1, "WRONG  redis: NOAUTH")])
def test_check_asks_an_external_redis_with_its_password(own, locked_redis, login, status, said):
    with beside(own, REDIS_URL=f"redis://{login}{locked_redis}") as second:
        until(lambda: status or run(second, "check").returncode == 0)
        done = run(second, "check")
    assert done.returncode == status
    assert said in done.stdout


def test_check_says_when_an_external_redis_is_not_there(own):
    with beside(own, REDIS_URL="unix:/nowhere/redis.sock") as second:
        done = run(second, "check")
    assert done.returncode == 1 and "WRONG  redis" in done.stdout


# Waiting ----------------------------------------------------------------------------------------

@contextlib.contextmanager
def held_lock(own):
    """Somebody else migrates."""
    with contextlib.closing(own.db.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield


def test_a_start_that_waits_for_another_migration_says_so_and_ends_when_it_is_asked_to(own):
    with held_lock(own), beside(own) as second:
        second.start(wait=False)
        until(lambda: "waiting for another migration" in second.tail())
        assert second.stop() == []


def test_a_hang_up_before_there_is_something_to_reload_does_not_end_the_start(own):
    with beside(own) as second:
        with held_lock(own):
            second.start(wait=False)
            until(lambda: "waiting for another migration" in second.tail())
            second.process.send_signal(signal.SIGHUP)
        second.wait_ready()
        assert second.stop() == []


def test_a_start_ends_when_it_is_asked_to_while_the_database_is_silent():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with folder(SEBEZ_SECRET=KEY, DATABASE_URL="postgresql://me@127.0.0.1:"
                    f"{silent.getsockname()[1]}/shop") as server:
            server.start(wait=False)
            silent.accept()
            assert server.stop() == []


def test_a_database_that_cannot_be_tried_is_refused_at_once_with_the_reason():
    with folder(SEBEZ_SECRET=KEY, DATABASE_URL="host=127.0.0.1 sslmode=perhaps") as server:
        done = server.sebez("migrate", check=False)
    assert done.returncode == 1
    assert "perhaps" in done.stderr


# Leaving ----------------------------------------------------------------------------------------

def test_a_tool_with_external_services_makes_no_folders_for_embedded_ones(own):
    with beside(own) as second:
        assert run(second, "migrate").returncode == 0
        assert list((second.data / "var").iterdir()) == []


def test_a_data_folder_may_have_any_name():
    with folder() as server:
        named = server.data / "it's, \"our\" shop"
        server.environment["SEBEZ_DATA"] = str(named)
        server.sebez("migrate")
        assert "all checks passed" in server.sebez("check").stdout
        assert not pathlib.Path((named / "run.path").read_text().strip()).exists()


def as_nobody(server, *words):
    """A tool of another user. The program is a copy, for others may not enter root's home."""
    program = server.data / "sebez"
    shutil.copy(BUILD / "sebez", program)
    return subprocess.run([program, *words], cwd="/", env=server.environment, check=False,
                          capture_output=True, text=True, user="nobody", group="nogroup",
                          extra_groups=[])


@pytest.mark.one_user
@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as two users")
def test_a_tool_of_root_spoils_nothing_in_the_folder_of_another_user():
    with folder() as server:
        data = server.data / "var"
        data.mkdir()
        shutil.chown(data, "nobody", "nogroup")
        server.sebez("migrate")  # as root, before anything was started
        assert "all checks passed" in as_nobody(server, "check").stdout
        assert {path.owner() for path in data.rglob("*")} == {"nobody"}


@pytest.mark.one_user
@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as two users")
def test_a_reload_by_a_stranger_is_told_apart_from_no_server(own):
    done = as_nobody(own, "reload")
    assert done.returncode == 1
    assert f"server {own.process.pid} belongs to another user" in done.stderr


# The first admin --------------------------------------------------------------------------------

def make_admin(own, email, **more):
    return subprocess.Popen([BUILD / "sebez", "admin", "create", "--email", email], cwd=ROOT,
                            env=own.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, **more)


def test_a_password_that_is_typed_is_not_shown(own, terminal):
    ours, theirs, _ = terminal

    def shows():
        return bool(termios.tcgetattr(theirs)[3] & termios.ECHO)

    assert shows()
    with make_admin(own, "typed@example.com", stdin=theirs) as process:
        until(lambda: not shows())
        os.write(ours, b"a good password\n")
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0 and "typed@example.com is an admin: superadmin" in out
    assert shows()


def test_a_terminal_shows_what_is_typed_again_when_the_question_is_broken_off(own, terminal):
    _, theirs, _ = terminal
    with make_admin(own, "typed@example.com", stdin=theirs) as process:
        until(lambda: not termios.tcgetattr(theirs)[3] & termios.ECHO)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT
    assert termios.tcgetattr(theirs)[3] & termios.ECHO


@pytest.mark.parametrize("given, status, words", [
    ("", 1, "no password was given"), ("x" * 2000 + "\n", 1, "too long"),
    ("é" * 256 + "\r\n", 0, "is an admin"), ("é" * 257 + "\n", 1, "256 characters"),
    ("without an end of line", 0, "is an admin")])
def test_a_password_is_taken_whole_or_refused_in_words(own, given, status, words):
    with make_admin(own, "piped@example.com", stdin=subprocess.PIPE) as process:
        out, err = process.communicate(given, timeout=120)
    assert process.returncode == status
    assert words in out + err
