"""A server that makes backups by schedule, tries to restore them, and tells of both."""
import contextlib
import fcntl
import json
import os
import signal
import subprocess

import requests
from harness.backups import KEY, archive_all, backed_up, gauge
from harness.contract import BUILD
from harness.shop import Shop
from harness.wait import until


def test_a_server_with_a_folder_for_backups_keeps_them_and_drills_their_restore():
    with backed_up(SEBEZ_BACKUP_KEY=KEY, SEBEZ_BACKUP_HOURS="24") as (server, target):
        shop = Shop(server.start())
        shop.customer().order(shop.mug)
        report = target / "drill.json"
        until(report.exists, 120)
        told = json.loads(report.read_text())
        assert told["good"] is True, told
        assert told["checks"] == {"restore": "good", "counts": "good", "pages": "good",
                                  "rows": "good", "sealed": "0, of them 0 cannot be opened",
                                  "objects": "0 copies, 0 damaged"}
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


def test_the_log_is_watched_while_a_backup_is_made():
    with backed_up(SEBEZ_BACKUP_HOURS="24") as (server, target):
        target.mkdir()
        with (target / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server.start()
            until(lambda: "waiting for another command" in server.log.read_text())
            name = server.db.one("select pg_walfile_name(pg_current_wal_lsn())")
            (target / f"wal/{name}.gz").write_bytes(b"of another database")
            server.db.rows("select pg_switch_wal()")
            until(lambda: (gauge(server, "sebez_backup_wal_waiting") or 0) > 0)
        assert server.stop() == []


def test_a_folder_that_does_not_answer_keeps_no_database_from_starting():
    with backed_up() as (server, target):
        shop = Shop(server.start())
        customer = shop.customer()
        word = (target / "tool").read_text()
        (target / "tool").unlink()
        os.mkfifo(target / "tool")  # who reads it hangs, as on a mount whose server is gone
        os.kill(int((server.data / "var/postgres/postmaster.pid").read_text().split()[0]),
                signal.SIGKILL)

        def order():
            with contextlib.suppress(AssertionError, requests.RequestException):
                return customer.order(shop.mug)

        until(order, 60)
        assert "does not answer" in server.log.read_text()
        (target / "tool").unlink()
        (target / "tool").write_text(word)
        server.db.close()
        archive_all(server)  # once it answers, without another start
        assert server.stop() == []
