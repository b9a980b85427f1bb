"""A new secret for a running shop: no request fails, nobody is signed out, and what is sealed
stays."""
import os
import pathlib
import signal
import threading

import requests
from harness.backups import KEY, archive_all, backed_up, now, set_aside
from harness.server import folder
from harness.sessions import credentials
from harness.shop import PASSWORD, Shop
from harness.totp import code_of, enrolled
from harness.wait import until


def sealed(server):
    return [bytes(row["secret"]) for row in server.db.rows("select secret from totp")]


def signs_in(shop, person):
    challenge = shop.anonymous().call("login", body=credentials(person, PASSWORD),
                                      token=None).json()
    answer = shop.anonymous().call("answerChallenge", token=None, body={
        "challenge_id": challenge["challenge_id"], "code": code_of(shop, person)})
    return answer.status_code == 200


def members_of(server):
    """The environments of the processes that serve and work."""
    folders = [pathlib.Path(f"/proc/{pid}") for pid in server.family()]
    return [(one / "environ").read_bytes() for one in folders
            if (one / "cmdline").read_bytes().split(b"\0")[1:2] in ([b"api"], [b"jobs"])]


def under_load(people, mug, work):
    """Everybody reads and orders while work() runs. What failed."""
    ended, failed, counts = threading.Event(), [], []

    def use(person):
        while not ended.is_set():
            try:
                person.do("getMe")
                person.order(mug)
                counts.append(1)
            except (AssertionError, requests.RequestException) as error:
                failed.append(str(error))

    threads = [threading.Thread(target=use, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    until(lambda: len(counts) > 3)
    work()
    so_far = len(counts)
    until(lambda: len(counts) > so_far + 3 or failed)
    ended.set()
    for thread in threads:
        thread.join()
    return failed


def test_nobody_is_signed_out_and_nothing_that_is_sealed_is_lost():
    with folder(PGPASSWORD="of the admin") as server:
        shop = Shop(server.start())
        members = members_of(server)
        assert len(members) >= 2 and not any(b"of the admin" in text for text in members)
        guarded = enrolled(shop, shop.customer())
        people, mug = [shop.customer() for _ in range(3)], shop.mug
        before = sealed(server)

        def rotate():
            server.sebez("secrets", "rotate")
            until(lambda: "secret is in use" in server.log.read_text(), 120)

        assert under_load(people, mug, rotate) == []
        assert sealed(server) != before and len(sealed(server)) == 1
        assert "of them 0 with the previous" in server.sebez("secrets", "status").stdout
        assert signs_in(shop, guarded)
        server.sebez("check")  # all roles have the new passwords
        again = server.sebez("secrets", "rotate", check=False)
        assert (again.returncode, "is not over" in again.stderr) == (1, True), again.stderr
        # Then the old one ends: its tokens, but no session.
        old = people[0].access_token
        server.db.rows("update sebez_migration set sha256 = 'other' where name = 'role passwords'")
        for command in ("status", "end"):
            refused = server.sebez("secrets", command, check=False)
            assert refused.returncode == 1 and "sebez secrets carry" in \
                refused.stdout + refused.stderr, refused
        server.sebez("secrets", "carry")
        reloads = server.log.read_text().count('"reloaded"')
        server.sebez("secrets", "end")
        assert server.log.read_text().count('"reloaded"') > reloads
        # A connection that was kept open is answered once more by the process that leaves.
        until(lambda: people[0].call("getMe", token=old).status_code == 401)
        people[0]._signed_in(people[0].do("refresh", token=None, body={
            "refresh_token": people[0].refresh_token}))
        people[0].do("getMe")
        assert signs_in(shop, guarded)
        # And one that is cut off goes on with the next start.
        server.sebez("secrets", "rotate")
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        server.db.close()
        before = server.log.read_text().count("secret is in use")
        server.start()
        until(lambda: server.log.read_text().count("secret is in use") > before)
        assert "of them 0 with the previous" in server.sebez("secrets", "status").stdout
        assert signs_in(shop, guarded)
        assert server.stop() == []
        # Another server of the database would be locked out.
        before = (server.data / "var/secret").read_text()
        server.environment["DATABASE_URL"] = "postgresql://nowhere.invalid/shop"
        refused = server.sebez("secrets", "rotate", check=False)
        assert (refused.returncode, (server.data / "var/secret").read_text()) == (1, before)
        assert "SEBEZ_SECRET_PREVIOUS = the new one" in refused.stdout


def rotate_and_end(server):
    before = server.log.read_text().count("secret is in use")
    server.sebez("secrets", "rotate")
    until(lambda: server.log.read_text().count("secret is in use") > before)
    server.sebez("secrets", "end")


def test_what_is_sealed_opens_after_a_loss_and_at_a_moment_before_the_secret_was_replaced():
    with backed_up(SEBEZ_BACKUP_KEY=KEY) as (server, target):
        shop = Shop(server.start())
        guarded = enrolled(shop, shop.customer())
        server.sebez("backup")
        archive_all(server)
        moment = now()
        for _ in range(2):  # and no backup after it
            rotate_and_end(server)
        archive_all(server)
        drill = server.sebez("backup", "drill").stdout
        assert "sealed       1, of them 0 cannot be opened" in drill
        secret = (server.data / "var/secret").read_text()
        kept = sorted(target.glob("secrets/*"))
        assert len(kept) == 3 and all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
        assert server.stop() == []
        for lost, options in (("lost", ()), ("again", ("--to", moment))):
            set_aside(server, lost)
            server.sebez("restore", *options)
            assert (server.data / "var/secret").read_text().strip() == secret.strip()
            assert signs_in(Shop(server.start()), guarded)
            assert server.stop() == []
        # Without the earlier ones nobody could: the drill and the restore say so.
        for path in kept:
            path.rename(target / path.name)
        set_aside(server, "without")
        assert "1 secrets of authenticator apps" in server.sebez("restore", "--to", moment).stderr
