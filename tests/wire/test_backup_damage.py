"""Backups and their log are whole or none, and what is damaged or missing is found."""
import os
import shutil
import subprocess

import pytest
from harness.backups import KEY, archive_all, backed_up, long, set_aside
from harness.contract import BUILD
from harness.server import folder
from harness.shop import Shop
from harness.wait import until


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
        assert "a new key needs a new folder" in server.sebez("restore", check=False).stderr


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
