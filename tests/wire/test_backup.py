"""Backups of the embedded PostgreSQL: what was acknowledged is restored, to a moment, whatever dies
meanwhile."""
import contextlib
import os
import re
import signal
import subprocess
import threading
import time

import pytest
import requests
from harness import s3, sent
from harness.backups import DRILL, KEY, archive_all, backed_up, long, now, numbers, set_aside
from harness.contract import BUILD, ROOT
from harness.server import folder
from harness.shop import Shop
from harness.wait import until


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
def test_a_new_key_needs_a_new_folder_and_each_is_restored_with_its_own():
    with backed_up(SEBEZ_BACKUP_KEY=KEY) as (server, target):
        shop = Shop(server.start())
        placed = {shop.customer().order(shop.mug)["number"]}
        server.sebez("backup")
        before, server.environment = server.environment, {
            **server.environment, "SEBEZ_BACKUP_KEY": "02" * 32}
        server.environment["SEBEZ_BACKUP_FOLDER"] = str(target.with_name("backup-2"))
        server.stop()
        server.start()
        since = {shop.customer().order(shop.mug)["number"]}
        server.sebez("backup")
        server.stop()
        for environment, there in ((before, placed), (server.environment, placed | since)):
            set_aside(server, f"before-{len(there)}")
            server.environment = environment
            server.sebez("restore")
            assert numbers(Shop(server.start())) == there
            assert server.stop() == []


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


def commands_of_the_page():
    """Each command of OPERATIONS.md's section, in its order."""
    page = (ROOT / "docs/OPERATIONS.md").read_text().partition("\n## Backups\n")[2]
    section = page.partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_does_what_it_says():
    with s3.bucket() as settings, folder(**settings, SEBEZ_MEDIA_STORE="folder") as server:
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
                value = value.replace("shop-backup", settings["S3_BUCKET"])
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
