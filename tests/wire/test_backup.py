"""Backups of the embedded PostgreSQL: what was acknowledged is restored, to a moment, whatever dies
meanwhile."""
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
import requests
from harness import sent
from harness.contract import BUILD, ROOT
from harness.server import folder
from harness.shop import Shop
from harness.wait import until

KEY = "01" * 32
DRILL = os.environ.get("SEBEZ_DRILL")  # all of it: deploy/drills/backup.sh
long = pytest.mark.skipif(not DRILL, reason="a part of make drill")


@contextlib.contextmanager
def backed_up(tool="plain", **settings):
    """A server that is not started, and the folder for its backups."""
    if tool == "pgbackrest" and not shutil.which(tool):
        pytest.skip("pgbackrest is not installed")
    with folder(**settings) as server:
        target = server.data / "backup"
        server.environment = {"SEBEZ_BACKUP_FOLDER": str(target), "SEBEZ_BACKUP_HOURS": "0",
                              "SEBEZ_BACKUP_TOOL": tool,
                              **server.environment}
        yield server, target


def numbers(shop):
    return {row["number"] for row in shop.db.rows("select number from shop_order")}


def archive_all(server):
    """What is in the log is in the archive: its segment is full for PostgreSQL."""
    server.db.rows("create table if not exists mark (at timestamptz)")
    server.db.rows("insert into mark values (now())")
    last = server.db.one("select pg_walfile_name(pg_switch_wal())")
    wal = pathlib.Path(server.environment["SEBEZ_BACKUP_FOLDER"]) / "wal"
    repository = wal.parent / "pgbackrest/archive"
    until(lambda: [*wal.glob(last + ".gz*"), *repository.rglob(last + "-*")])


def set_aside(server, name):
    (server.data / "var").rename(server.data / name)


def now():
    time.sleep(0.01)  # a moment between what is before and what is after
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("tool", ["plain", "pgbackrest"])
def test_a_moment_is_restored_with_every_order_before_it_and_nothing_after(tool):
    with backed_up(tool, SEBEZ_BACKUP_KEY=KEY, SEBEZ_MEDIA_PROCESSES="1") as (server, target):
        shop = Shop(server.start())
        customer = shop.customer()
        mug = shop.mug
        placed = {customer.order(mug)["number"] for _ in range(3)}
        picture = sent.send(customer, sent.png("kept"))
        assert sent.done(customer, picture)["state"] == "ready"
        server.sebez("backup")
        server.sebez("backup")  # by pgBackRest: what differs from the first
        placed |= {customer.order(mug)["number"] for _ in range(5)}
        epoch = server.db.one("select epoch from feed_epoch")
        moment = now()
        server.db.rows("drop table order_line cascade")
        archive_all(server)
        secret = (server.data / "var/secret").read_bytes()
        server.stop()
        # The second one has a branch of the log before it, which a restore must not follow.
        for attempt in ("lost", "first") if DRILL or tool == "plain" else ("lost",):
            set_aside(server, attempt)
            done = server.sebez("restore", "--to", moment)
            assert "restored" in done.stdout
            assert (server.data / "var/secret").read_bytes().strip() == secret.strip()
            server.start()
            again = Shop(server)
            assert numbers(again) == placed
            assert server.db.one("select epoch from feed_epoch") == epoch + 1
            assert server.db.one("select count(*) from session where ended_at is null") == 0
            sent.at_rest(server, picture)
            assert again.customer().order(again.mug)["number"] not in placed
            server.sebez("check", "--data")
            server.sebez("media", "verify")
            assert server.stop() == []
        assert server.sebez("restore", check=False).returncode == 1, "there is a database"
        assert not list(target.glob("base/*/base.tar.gz")), "something is not encrypted"


@long
def test_the_newest_is_restored_and_sessions_go_on():
    with backed_up() as (server, target):
        shop = Shop(server.start())
        customer = shop.customer()
        mug = shop.mug
        server.sebez("backup")
        placed = {customer.order(mug)["number"] for _ in range(3)}
        archive_all(server)
        secret = (server.data / "var/secret").read_text().strip()
        assert server.stop() == []
        set_aside(server, "lost")
        gone = sorted((target / "wal").glob(24 * "?" + ".gz"))[-1]
        hidden = gone.rename(target / "hidden")
        name = gone.name[:24]
        later = gone.with_name(f"{int(name, 16) + 1:024X}.gz")
        later.write_bytes(hidden.read_bytes())
        refused = server.sebez("restore", check=False)
        assert refused.returncode == 1
        assert f"the archived log has a gap: {name} is missing" in refused.stderr
        later.unlink()
        hidden.rename(gone)
        server.environment["SEBEZ_SECRET"] = secret  # a backup without a key has none
        server.sebez("restore")
        server.start()
        assert numbers(Shop(server)) == placed
        assert customer.order(mug)["number"] not in placed
        assert server.stop() == []


def gauge(server, name):
    lines = requests.get(server.url + "/metrics", timeout=10).text.splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)


def test_a_server_with_a_folder_for_backups_keeps_them_and_drills_their_restore():
    with backed_up(SEBEZ_BACKUP_KEY=KEY, SEBEZ_BACKUP_HOURS="24") as (server, target):
        shop = Shop(server.start())
        shop.customer().order(shop.mug)
        report = target / "drill.json"
        until(report.exists, 120)
        told = json.loads(report.read_text())
        assert told["good"] is True, told
        assert told["checks"] == {"restore": "good", "counts": "good", "pages": "good",
                                  "rows": "good", "objects": "0 copies, 0 damaged"}
        assert told["tables"]["account"]["restored"] >= told["tables"]["account"]["backup"]
        until(lambda: not (server.data / "var/drill").exists())
        until(lambda: gauge(server, "sebez_backup_bytes") > 1_000_000)
        assert gauge(server, "sebez_backup_failures") == 0
        assert gauge(server, "sebez_backup_drill_failed") == 0
        assert gauge(server, "sebez_backup_age_seconds") < 600
        assert gauge(server, "sebez_backup_interval_seconds") == 86400
        assert "old" in server.sebez("status").stdout.partition("backup")[2]
        assert "drill" in server.sebez("backup", "status").stdout
        # A backup that is damaged is found by the next drill, and everybody is told.
        (base,) = target.glob("base/*/base.tar.gz.enc")
        base.write_bytes(base.read_bytes()[:-100])
        assert server.sebez("backup", "drill", check=False).returncode == 1
        assert json.loads(report.read_text())["good"] is False
        assert os.listdir(server.data / "var/drill") == ["log"], "the disk is the live database's"
        until(lambda: gauge(server, "sebez_backup_drill_failed") == 1)
        until(lambda: "could NOT be restored" in server.sebez("status").stdout)
        assert server.sebez("backup", "status", check=False).returncode == 1
        assert server.stop() == []


def test_a_drill_takes_no_room_that_the_live_database_needs_and_one_that_is_stopped_says_nothing():
    with backed_up() as (server, target):
        server.start()
        server.sebez("backup")
        report = target / "drill.json"
        big = server.data / "var/postgres/big"
        big.touch()
        os.truncate(big, 1 << 42)
        done = server.sebez("backup", "drill", check=False)
        assert (done.returncode, "free in" in done.stderr) == (1, True), done.stderr
        assert not report.exists() and not (server.data / "var/drill").exists()
        big.unlink()
        process = subprocess.Popen([BUILD / "sebez", "backup", "drill"], env=server.environment,
                                   stderr=subprocess.PIPE, text=True)
        until((server.data / "var/drill/postgres").exists)  # it is checked now
        process.send_signal(signal.SIGTERM)
        assert "was stopped" in process.communicate()[1]
        assert process.returncode == 1
        assert not report.exists() and not (server.data / "var/drill").exists()
        assert server.stop() == []


def commands_of_the_page():
    """Each command of OPERATIONS.md's section, in its order."""
    page = (ROOT / "docs/OPERATIONS.md").read_text().partition("\n## Backups\n")[2]
    section = page.partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_does_what_it_says():
    with folder() as server:
        target = server.data / "mnt-backup"
        server.environment["PATH"] = f"{BUILD}:{server.environment['PATH']}"

        def bash(line):
            done = subprocess.run(["bash", "-ec", line], cwd=server.data, env=server.environment,
                                  capture_output=True, text=True, check=False, timeout=120)
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}{server.tail(9)}"
            return done.stdout

        shop = Shop(server.start())
        placed = {shop.customer().order(shop.mug)["number"]}
        for line in commands_of_the_page():
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").partition("=")
                value = value.replace("/mnt/backup", str(target))
                server.environment[name] = bash(f"echo {value}").strip()
            elif line == "sebez serve":
                if server.process.poll() is None:
                    assert server.stop() == []  # it has the settings only now
                server.start()
                until(lambda: (target / "drill.json").exists(), 120)  # the first ones by itself
                until(lambda: not (server.data / "var/drill").exists())
            elif line == "sebez stop":
                archive_all(server)
                bash(line)
                assert server.stop() == []
            elif "--to" in line:
                bash("mv var/postgres var/postgres.again")
                bash(re.sub(r"--to \S+", f"--to {moment}", line))
            else:
                bash(line)
            if line == "sebez backup drill":
                moment = now()
        assert numbers(Shop(server)) == placed
        assert server.stop() == []


@long
@pytest.mark.parametrize("tool", ["plain", "pgbackrest"])
def test_a_killed_backup_is_none_and_the_next_one_is_whole(tool):
    with backed_up(tool) as (server, target):
        server.start()
        process = subprocess.Popen([BUILD / "sebez", "backup"], env=server.environment)
        until(lambda: list(target.glob("base/.*.new")))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert server.sebez("backup", "list", check=False).returncode == 1
        server.sebez("backup")
        assert not list(target.glob("base/.*.new")), "what was left is removed"
        server.sebez("backup", "verify")
        assert server.stop() == []


def put(server, target, path):
    return subprocess.Popen(
        [BUILD / "sebez", "wal-put", path], stderr=subprocess.PIPE, text=True,
        env={**server.environment, "SEBEZ_WAL": str(target), "SEBEZ_BACKUP_KEY": KEY})


def test_a_segment_is_archived_whole_or_not_at_all_and_never_replaced():
    with folder() as server:
        name = "0000000100000000000000AB"
        target = server.data / "wal"
        target.mkdir()
        segment = server.data / name
        os.mkfifo(segment)
        process = put(server, target, segment)
        with segment.open("wb") as pipe:
            pipe.write(b"half" * 100_000)
            until(lambda: list(target.iterdir()))
            process.kill()
            process.communicate()
        assert not list(target.glob(name + "*"))
        segment.unlink()
        segment.write_bytes(b"whole" * 100_000)
        for _ in range(2):  # PostgreSQL asks again when it did not hear the answer
            process = put(server, target, segment)
            assert (process.communicate()[1], process.returncode) == ("", 0)
        (archived,) = target.glob(name + "*")
        before = archived.read_bytes()
        segment.write_bytes(b"other" * 100_000)
        process = put(server, target, segment)
        assert "it is not replaced" in process.communicate()[1]
        assert (process.returncode, archived.read_bytes()) == (1, before)


def test_an_archive_that_cannot_be_read_is_not_the_end_of_the_log():
    with folder() as server:
        name = "0000000100000000000000AB"

        def get():
            return subprocess.run(
                [BUILD / "sebez", "wal-get", name, server.data / "out"], check=False,
                env={**server.environment, "SEBEZ_WAL": str(server.data)}).returncode

        assert get() == 1
        (server.data / f"{name}.gz").symlink_to(f"{name}.gz")  # ELOOP, as ESTALE of a lost mount
        assert get() > 128, "PostgreSQL stops"


def test_a_backup_without_its_log_is_none():
    with backed_up() as (server, target):
        server.start()
        server.sebez("backup")
        server.sebez("backup", "verify")  # its log is there already
        last = sorted(target.glob("wal/0*.gz"))[-1]
        last.rename(server.data / last.name)
        missing = server.sebez("backup", "verify", check=False)
        assert (missing.returncode, "missing " in missing.stdout) == (1, True), missing.stdout
        server.environment["SEBEZ_BACKUP_FOLDER"] = str(server.data / "other")
        elsewhere = server.sebez("backup", check=False)
        assert (elsewhere.returncode, "goes elsewhere" in elsewhere.stderr) == (1, True), elsewhere
        assert not list((server.data / "other").glob("base/*"))
        server.environment["SEBEZ_BACKUP_FOLDER"] = str(target)
        (info,) = target.glob("base/*/info")
        for number in range(1100):
            again = target / f"base/20200101-{number:06}F"
            again.mkdir()
            shutil.copy(info, again)
        assert len(server.sebez("backup", "list").stdout.splitlines()) == 1101
        assert server.stop() == []


def test_the_log_of_a_new_timeline_stays_when_it_begins_before_an_older_backup():
    with backed_up() as (server, target):
        server.start()
        server.sebez("backup")
        archive_all(server)
        moment = now()
        for _ in range(3):
            archive_all(server)
        time.sleep(1)  # backups know the second in which they ended
        server.sebez("backup")
        server.stop()
        set_aside(server, "lost")
        server.sebez("restore", "--to", moment)
        server.start()
        for info in target.glob("base/*/info"):  # both are out of SEBEZ_BACKUP_DAYS
            info.write_text(re.sub(r"ended \d+", "ended 1000000000", info.read_text()))
        server.sebez("backup")
        archive_all(server)
        infos = [path.read_text() for path in sorted(target.glob("base/*/info"))]
        firsts = [re.search(r"first (\w+)", text)[1] for text in infos]
        assert len(firsts) == 2 and firsts[0][8:] > firsts[1][8:], firsts
        assert list(target.glob(f"wal/{firsts[1]}.gz*")), "the newest backup needs it"
        assert server.stop() == []


def test_what_is_damaged_is_found_and_not_restored():
    with backed_up(SEBEZ_BACKUP_KEY=KEY) as (server, target):
        server.start()
        server.sebez("backup")
        archive_all(server)
        server.stop()
        segment = sorted((target / "wal").glob("0*.gz.enc"))[-1]
        good = segment.read_bytes()
        segment.write_bytes(good[:len(good) // 2])
        found = server.sebez("backup", "verify", check=False)
        assert (found.returncode, "1 damaged" in found.stdout) == (1, True), found.stdout
        set_aside(server, "lost")
        # PostgreSQL must not take it for the end of the log.
        assert server.sebez("restore", check=False).returncode == 1
        segment.write_bytes(good)
        (base,) = target.glob("base/*/base.tar.gz.enc")
        whole = base.read_bytes()
        base.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        assert "damaged" in server.sebez("restore", check=False).stderr
        base.write_bytes(whole[:-100])
        assert "damaged" in server.sebez("restore", check=False).stderr
        base.write_bytes(whole)
        server.environment["SEBEZ_BACKUP_KEY"] = "02" * 32
        assert "another key" in server.sebez("restore", check=False).stderr


@long
@pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to mount a small disk")
def test_a_full_disk_of_backups_stops_no_order_and_leaves_no_half_backup():
    with backed_up() as (server, target):
        target.mkdir()
        small = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", target]
        if subprocess.run(small, capture_output=True, check=False).returncode != 0:
            pytest.skip("nothing can be mounted here")
        try:
            shop = Shop(server.start())
            done = server.sebez("backup", check=False)
            assert (done.returncode, "No space left" in done.stderr) == (1, True), done.stderr
            assert server.sebez("backup", "list", check=False).returncode == 1
            shop.customer().order(shop.mug)
            subprocess.run(["mount", "-o", "remount,size=300m", target], check=True)
            server.sebez("backup")
            archive_all(server)
            server.sebez("backup", "verify")
            assert server.stop() == []
        finally:
            subprocess.run(["umount", "--lazy", target], check=False)


@long
@pytest.mark.parametrize("tool", ["plain", "pgbackrest"])
def test_under_load_and_kills_every_order_before_the_moment_is_there(tool):
    """Orders are placed all the time, while backups are killed, and PostgreSQL is."""
    with backed_up(tool, SEBEZ_BACKUP_KEY=KEY) as (server, _):
        shop = Shop(server.start())
        customer, mug = shop.customer(), shop.mug
        placed, ended = [], threading.Event()

        def place():
            while not ended.is_set():
                with contextlib.suppress(AssertionError, requests.RequestException):
                    placed.append(customer.order(mug)["number"])

        load = threading.Thread(target=place)
        load.start()
        server.sebez("backup")
        for after_s in (0.1, 0.7, 1.5):
            process = subprocess.Popen([BUILD / "sebez", "backup"], env=server.environment)
            time.sleep(after_s)
            process.kill()
            process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.kill(int((server.data / "var/postgres/postmaster.pid").read_text().split()[0]),
                        signal.SIGKILL)
            count = len(placed)
            until(lambda: len(placed) > count + 3)
        done = server.sebez("backup")
        ended.set()
        load.join()
        acknowledged = set(placed)
        server.db.close()  # PostgreSQL was killed
        moment = now()
        server.db.rows("drop table shop_order cascade")
        archive_all(server)
        server.sebez("backup", "verify")
        server.stop()
        set_aside(server, "lost")
        began = time.monotonic()
        server.sebez("restore", "--to", moment)
        took_s = time.monotonic() - began
        server.start()
        lost = acknowledged - numbers(Shop(server))
        assert not lost, f"{len(lost)} of {len(acknowledged)} orders are lost; {done.stdout}"
        server.sebez("check", "--data")
        print(f"{tool}: {len(acknowledged)} orders, 0 lost, restored in {took_s:.0f} s")
        assert server.stop() == []


@long
@pytest.mark.parametrize("what", ["backup", "log", "gap"])
def test_damage_of_a_repository_of_pgbackrest_is_found(what):
    with backed_up("pgbackrest", SEBEZ_BACKUP_KEY=KEY) as (server, target):
        server.start()
        server.sebez("backup")
        for _ in range(3):
            archive_all(server)
        server.sebez("backup", "verify")
        repository = target / "pgbackrest"
        if what == "backup":
            bundles = repository.glob("backup/sebez/*F/bundle/*")
            broken = max(bundles, key=lambda path: path.stat().st_size)
        else:
            broken = sorted(repository.glob("archive/sebez/*/*/*-*"))[-2]
        if what == "gap":
            broken.unlink()
        else:
            with broken.open("r+b") as file:
                file.seek(100)
                file.write(b"damage")
        assert server.sebez("backup", "verify", check=False).returncode == 1
        # A bundle or a segment that a restore needs makes the drill fail, too.
        drilled = server.sebez("backup", "drill", check=False)
        assert drilled.returncode == 1, drilled.stdout
        assert server.stop() == []
