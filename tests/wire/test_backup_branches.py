"""A restore to the past begins a branch of the log: what it left is not taken for the shop."""
import re
import shutil
import time

import pytest
from harness.backups import DRILL, KEY, archive_all, backed_up, long, now, numbers, set_aside
from harness.shop import Shop


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
        shutil.rmtree(min(target.glob("base/*")))
        for info in target.glob("base/*/info"):  # it is out of SEBEZ_BACKUP_DAYS
            info.write_text(re.sub(r"ended \d+", "ended 1000000000", info.read_text()))
        server.sebez("backup")
        archive_all(server)
        infos = [path.read_text() for path in sorted(target.glob("base/*/info"))]
        firsts = [re.search(r"first (\w+)", text)[1] for text in infos]
        assert len(firsts) == 2 and firsts[0][8:] > firsts[1][8:], firsts
        assert list(target.glob(f"wal/{firsts[1]}.gz*")), "the newest backup needs it"
        assert server.stop() == []


@pytest.mark.parametrize("tool", ["plain", pytest.param("pgbackrest", marks=long)])
def test_a_backup_of_a_branch_that_was_left_is_not_restored(tool):
    with backed_up(tool, SEBEZ_BACKUP_KEY=KEY) as (server, target):
        shop = Shop(server.start())
        server.sebez("backup")
        placed = {shop.customer().order(shop.mug)["number"]}
        moment = now()
        left = {shop.customer().order(shop.mug)["number"]}
        archive_all(server)
        time.sleep(1)  # backups know the second in which they ended
        server.sebez("backup")
        newest = server.sebez("backup", "list").stdout.splitlines()[-1].split()[0]
        server.stop()
        set_aside(server, "left")
        server.sebez("restore", "--to", moment)
        again = Shop(server.start())
        placed |= {again.customer().order(again.mug)["number"]}
        later = now()
        archive_all(server)
        server.sebez("backup", "verify")
        server.stop()
        for how in ([], ["--to", later], ["--backup", newest])[:3 if DRILL else 2]:
            set_aside(server, f"lost-{len(how)}-{'-'.join(how[:1])}")
            server.sebez("restore", *how)
            there = numbers(Shop(server.start()))
            # What names the branch that was left gets it, up to where it ends.
            assert there == (placed if "--backup" not in how else there & placed | left), how
            server.stop()


def test_a_trial_restore_takes_nothing_from_the_shop_whose_folder_it_uses():
    with backed_up(SEBEZ_BACKUP_KEY=KEY) as (server, target):
        shop = Shop(server.start())
        server.sebez("backup")
        placed = {shop.customer().order(shop.mug)["number"]}
        archive_all(server)
        of_shop = server.environment
        server.environment = {**of_shop, "SEBEZ_DATA": str(server.data / "trial")}
        server.sebez("restore")
        server.sebez("check", "--data")
        server.environment["SEBEZ_BACKUP_KEY"] = "02" * 32
        refused = server.sebez("backup", "verify", check=False)
        assert refused.returncode == 1 and "a new key needs a new folder" in refused.stderr
        (target / "key.id").rename(target / "hidden")  # as of a folder that is older than it
        refused = server.sebez("backup", "verify", check=False)
        assert refused.returncode == 1 and "a new key needs a new folder" in refused.stderr
        for name in ("key.id", "hidden"):
            server.environment.pop("SEBEZ_BACKUP_KEY", None)
            refused = server.sebez("backup", "verify", check=False)
            assert refused.returncode == 1 and "SEBEZ_BACKUP_KEY is not set" in refused.stderr
            if name == "key.id":
                (target / "hidden").rename(target / name)
        server.environment["SEBEZ_BACKUP_KEY"] = KEY
        refused = server.sebez("backup", check=False)
        server.environment = of_shop
        assert (refused.returncode, "restored" in refused.stderr) == (1, True), refused.stderr
        assert not list(target.glob("wal/*.history*")), "only a server begins a branch"
        placed |= {shop.customer().order(shop.mug)["number"]}
        archive_all(server)
        server.stop()
        set_aside(server, "lost")
        server.sebez("restore")
        again = Shop(server.start())
        assert numbers(again) == placed
        archive_all(server)
        assert list(target.glob("wal/00000002.history*")), "a server has adopted it"
        assert server.stop() == []


@pytest.mark.parametrize("tool", ["plain", pytest.param("pgbackrest", marks=long)])
def test_two_databases_that_used_one_folder_are_told_apart_by_the_operator(tool):
    with backed_up(tool) as (server, target):
        shop = Shop(server.start())
        server.sebez("backup")
        first = {shop.customer().order(shop.mug)["number"]}
        archive_all(server)
        server.stop()
        set_aside(server, "shop")
        server.sebez("restore")
        server.start()
        archive_all(server)
        server.stop()
        set_aside(server, "other")
        (server.data / "shop").rename(server.data / "var")  # and goes on
        time.sleep(1)  # files know the second
        shop = Shop(server.start())
        first |= {shop.customer().order(shop.mug)["number"]}
        archive_all(server)
        server.stop()
        set_aside(server, "lost")
        refused = server.sebez("restore", check=False)
        assert refused.returncode == 1
        assert "--timeline 1 or --timeline 2" in refused.stderr, refused.stderr
        server.sebez("restore", "--timeline", "1")
        assert numbers(Shop(server.start())) == first
        assert server.stop() == []
