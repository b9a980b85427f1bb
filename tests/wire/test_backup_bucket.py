"""Backups, the log and images are in a bucket, too, from which a lost machine is made anew."""
import contextlib
import re
import shutil

from harness import s3, sent
from harness.backups import KEY, archive_all, backed_up, gauge, numbers, set_aside
from harness.s3_front import Front, refuse
from harness.shop import Shop
from harness.wait import until


@contextlib.contextmanager
def in_bucket(**more):
    """A server with a folder for backups and a bucket that has it once more."""
    with s3.bucket() as settings:
        url = f"s3://{settings['S3_BUCKET']}/kept/of.shop-1"
        of_s3 = {f"BACKUP_{name}": value for name, value in settings.items()
                 if name not in ("S3_BUCKET", "S3_PATH_STYLE")}
        of_s3 |= {"S3_PATH_STYLE": "yes", "S3_ACCESS_KEY_ID": "of-images",
                  "S3_SECRET_ACCESS_KEY": "which reaches no backup"}
        with backed_up(SEBEZ_BACKUP_KEY=KEY, SEBEZ_BACKUP_URL=url, **{**of_s3, **more}) \
                as (server, target):
            yield server, target, settings


def names(settings):
    return {key.removeprefix("kept/of.shop-1/").partition("~")[0]
            for key in s3.keys_of(settings)} - {"owner"}


def files(target):
    return {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} \
        - {"lock", "bucket", "bucket.lock", "bucket.left"}


def until_there(target, settings):
    until(lambda: files(target) == names(settings))


def test_a_lost_machine_is_restored_from_the_bucket_alone():
    with in_bucket(SEBEZ_MEDIA_PROCESSES="1") as (server, target, settings):
        shop = Shop(server.start())
        customer = shop.customer()
        picture = sent.send(customer, sent.png("kept"))
        assert sent.done(customer, picture)["state"] == "ready"
        placed = {customer.order(shop.mug)["number"]}
        assert "the server takes it" in server.sebez("backup").stderr
        placed |= {customer.order(shop.mug)["number"]}
        archive_all(server)
        until_there(target, settings)
        assert all(key.endswith(".enc") for key in names(settings)
                   if key.startswith(("objects/", "wal/0000")) or "base.tar" in key)
        until(lambda: ": 0 files wait" in server.sebez("backup", "status", check=False).stdout)
        assert gauge(server, "sebez_backup_bucket_log_age_seconds") < 900
        server.sebez("backup", "verify")
        server.stop()
        shutil.rmtree(target)
        s3.call(settings, "PUT", "kept/of.shop-1/" + "long/" * 180, b"of somebody else")
        set_aside(server, "lost")
        assert server.sebez("backup", "list").stdout.splitlines()[-1:]
        server.sebez("backup", "verify")
        server.sebez("restore")
        server.sebez("backup", "take-over")
        again = Shop(server.start())
        server.sebez("backup", "drill")
        assert numbers(again) == placed
        sent.at_rest(server, picture)
        s3.call(settings, "DELETE", "kept/of.shop-1/" + "long/" * 180)
        archive_all(server)
        until_there(target, settings)  # the new branch of the log, too
        # What the folder expires goes from the bucket.
        server.sebez("backup")
        infos = sorted(target.glob("base/*/info"))
        for info in infos:
            info.write_text(re.sub(r"ended \d+", "ended 1000000000", info.read_text()))
        server.sebez("backup")
        assert [info.exists() for info in infos] == [False, True]
        until_there(target, settings)
        assert server.stop() == []


def test_no_empty_folder_empties_a_bucket_and_what_waits_is_told():
    with in_bucket(SEBEZ_BACKUP_HOURS="24") as (server, target, settings):
        front = Front(settings["S3_ENDPOINT"])
        server.environment["BACKUP_S3_ENDPOINT"] = front.endpoint
        front.fault = refuse(503, "SlowDown")
        server.start()
        until(lambda: list(target.glob("base/*/info")))
        until(lambda: "the bucket for backups is away" in server.log.read_text())
        assert "nothing was taken" in server.sebez("backup", "status", check=False).stdout \
            or not names(settings)
        front.fault = None
        until_there(target, settings)
        assert server.stop() == []
        kept = names(settings)
        (target / "bucket").unlink()  # as a new folder beside the bucket of an old one
        refused = server.sebez("backup", check=False)
        assert (refused.returncode, "does not know" in refused.stderr) == (1, True), refused.stderr
        assert names(settings) == kept
        front.down()


def test_a_machine_that_got_the_bucket_to_look_at_it_changes_nothing_there():
    with in_bucket() as (server, target, settings):
        server.start()
        server.sebez("backup")
        until_there(target, settings)
        server.stop()
        kept = names(settings)
        target.rename(server.data / "first")
        set_aside(server, "shop")
        server.sebez("backup", "list")
        server.sebez("restore")
        server.start()
        until(lambda: "has those of another folder" in server.log.read_text())
        archive_all(server)
        server.stop()
        assert names(settings) == kept
        server.sebez("backup", "take-over")
        (target / "extra").write_text("of this folder")  # and what it has goes there
        server.start()
        until_there(target, settings)
        server.stop()
        # The first folder has lost it, and is told so.
        now_there = names(settings)
        target.rename(server.data / "second")
        (server.data / "first").rename(target)
        set_aside(server, "other")
        (server.data / "shop").rename(server.data / "var")
        refused = server.sebez("backup", check=False)
        assert (refused.returncode, "does not know" in refused.stderr) == (1, True), refused.stderr
        assert names(settings) == now_there


def test_a_folder_that_is_gone_or_of_another_shop_neither_empties_a_bucket_nor_hides_it():
    with in_bucket() as (server, target, settings):
        server.start()
        server.sebez("backup")
        archive_all(server)
        until_there(target, settings)
        server.stop()
        kept = names(settings)
        (target / "base").rename(server.data / "base")
        server.start()
        until(lambda: "nothing is deleted" in server.log.read_text())
        server.stop()
        assert names(settings) >= kept
        # What is cut off goes on; a folder that has other backups is told.
        shutil.rmtree(target)
        (target / "base").mkdir(parents=True)
        (target / "system").write_text("7000000000000000000")
        refused = server.sebez("backup", "list", check=False)
        assert (refused.returncode, "has others" in refused.stderr) == (1, True), refused.stderr
        (target / "bucket.fetching").write_text("cut off")
        server.sebez("backup", "list")
        assert (target / "system").read_text() != "7000000000000000000"
        assert files(target) >= kept
