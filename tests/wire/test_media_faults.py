"""The store of images and files fails: uploads wait and none is lost, clients learn why they wait,
and the operator is told once."""
import contextlib
import re
import subprocess
import time

import pytest
import requests

from conftest import serving
from harness import s3, sent
from harness.media import folder_of
from harness.pictures import FETCHING, elsewhere
from harness.s3_front import Front, Hang, cut, drop, halve, mark, only, refuse, stray
from harness.shop import Shop, refused
from harness.uploads import ask
from harness.wait import until

LARGE = b"%PDF-1.4\n" + bytes(17_000_000) + b"trailer<<>>\nstartxref\n0\n%%EOF\n"  # 2 parts of S3
SLOW_DOWN = refuse(503, "SlowDown", **{"Retry-After": "1"})


class Marketplace(Shop):
    def __init__(self, server, front, settings):
        super().__init__(server)
        self.front, self.settings = front, settings

    def row(self, upload_id):
        return self.db.rows("select state, work, attempts, claimed_until > now() as later "
                            "from upload where id = %s", upload_id)[0]

    def due(self):
        """What was postponed is tried at once."""
        self.db.rows("update upload set claimed_until = null where work is not null")

    def gauge(self, name):
        """Of the media process."""
        text = requests.get(self.server.url + "/metrics", timeout=60).text
        (process,) = re.findall(r'^sebez_uploads_published_total{process="([0-9]+)"}', text, re.M)
        (value,) = re.findall(rf'^{name}{{process="{process}"}} ([0-9.]+)$', text, re.M)
        return float(value)


@pytest.fixture(scope="module")
def shop():
    with s3.bucket() as settings:
        front = Front(settings["S3_ENDPOINT"])
        with serving(SEBEZ_REQUEST_TIMEOUT_MS=2000, **FETCHING,
                     **{**settings, "S3_ENDPOINT": front.endpoint}) as server:
            yield Marketplace(server, front, settings)


@pytest.fixture(autouse=True)
def healthy_afterwards(request):
    yield
    if "shop" in request.fixturenames:
        shop = request.getfixturevalue("shop")
        shop.front.fault = None
        shop.due()
        until(lambda: shop.db.one("select count(*) from upload where work is not null") == 0)


# name: fault, method and part of the path of the requests that it fails, and what they are for
FAULTS = {
    "drops connections": (drop, "GET", "/incoming/"),
    "answers 403 to a read": (refuse(403, "AccessDenied"), "GET", "/incoming/"),
    "answers half a body": (halve, "GET", "/incoming/"),
    "is a proxy that has lost its way": (stray, "GET", "/incoming/"),
    "answers 500 to a put": (refuse(500, "InternalError"), "PUT", "/public/"),
    "answers 503 to a put": (SLOW_DOWN, "PUT", "/public/"),
    "answers 403 to a put": (refuse(403, "AccessDenied"), "PUT", "/public/"),
    "answers 403 to a deletion": (refuse(403, "AccessDenied"), "DELETE", "/incoming/"),
    "answers 503 to a deletion": (SLOW_DOWN, "DELETE", "/incoming/"),
    "is a proxy that has lost its way to a deletion": (stray, "DELETE", "/incoming/"),
}


def is_waiting(shop, upload_id):
    row = shop.row(upload_id)
    return row["later"] and row["attempts"] == 0


@pytest.mark.parametrize("name", FAULTS)
def test_an_upload_waits_while_the_store_fails(shop, name):
    fault, method, path = FAULTS[name]
    customer = shop.customer()
    shop.front.fault = only(method, path, fault)
    upload = sent.send(customer, sent.png(name))
    for _ in range(5):  # more often than a file may fail
        before = shop.front.faults
        until(lambda: shop.front.faults > before and is_waiting(shop, upload))
        assert shop.row(upload)["state"] == ("ready" if method == "DELETE" else "processing")
        shop.due()
    shop.front.fault = None
    shop.due()
    assert sent.done(customer, upload)["state"] == "ready"
    sent.at_rest(shop.server, upload)
    assert s3.keys_of(shop.settings, f"incoming/{upload}") == []
    assert shop.server.sebez("media", "verify").returncode == 0


def test_pictures_are_not_fetched_again_and_again_while_the_store_fails(shop):
    clay = shop.vendor()
    shop.front.fault = only("PUT", "/incoming/", refuse(500, "InternalError"))
    with elsewhere() as first, elsewhere() as second:
        sites = (first, second)
        clay.product(images=[{"url": site.has(f"/{n}.png")} for site in sites for n in range(12)])
        until(lambda: shop.front.faults > 0)
        time.sleep(5)  # in which all would come twice
        asked = sum(len(site.asked) for site in sites)
        assert asked <= 12, "eight at a time in the beginning, then one of all"
        shop.front.fault = None
        until(lambda: not shop.db.rows("select id from upload where work = 'fetch'"))
        assert shop.db.one("select count(*) from upload where vendor_id = %s and state = 'ready'"
                           " or work = 'publish'", clay.id) == 24


@pytest.mark.parametrize("fault", [mark, drop], ids=["with another ETag", "never"])
def test_a_file_in_parts_waits_until_they_are_confirmed(shop, fault):
    customer = shop.customer()
    shop.front.fault = only("PUT", "partNumber=2", fault)
    upload = ask(customer, "chat_attachment", "application/pdf", len(LARGE))
    for part in upload["upload"]["parts"]:
        at = part["offset"]
        assert requests.put(part["url"], data=LARGE[at:at + part["bytes"]], timeout=60,
                            headers=upload["upload"]["headers"]).status_code == 200
    customer.do("completeUpload", upload_id=upload["id"])
    until(lambda: shop.front.faults and is_waiting(shop, upload["id"]))
    shop.front.fault = None
    shop.due()
    file = sent.done(customer, upload["id"])["file"]
    assert requests.get(file["url"], timeout=60).content == LARGE


def test_a_store_that_hangs_and_then_is_gone_delays_only(shop):
    customer = shop.customer()
    hang = Hang()
    shop.front.fault = only("GET", "/incoming/", hang)
    upload = sent.send(customer, sent.png("hang"))
    until(lambda: shop.row(upload)["later"])
    shop.front.down()
    hang.end()
    until(lambda: is_waiting(shop, upload))
    shop.front.fault = None
    shop.front.up()
    shop.due()
    assert sent.done(customer, upload)["state"] == "ready"


CLIENT_FAULTS = {
    "hangs": (Hang(), 503, "unavailable"),
    "drops connections": (drop, 503, "unavailable"),
    "answers 500": (refuse(500, "InternalError"), 503, "unavailable"),
    "answers 503": (SLOW_DOWN, 503, "unavailable"),
    "answers half a list": (cut, 503, "unavailable"),
    "answers 403": (refuse(403, "AccessDenied"), 500, "internal"),
}


@pytest.mark.parametrize("name", CLIENT_FAULTS)
def test_a_client_learns_that_the_store_fails_and_goes_on_later(shop, name):
    fault, status, code = CLIENT_FAULTS[name]
    customer = shop.customer()
    upload = sent.begin(customer, sent.png(("client", name)))
    shop.front.fault = only("GET", "list-type=", fault)
    answer = customer.call("completeUpload", upload_id=upload["id"], may_fail=True)
    assert refused(answer, status)["code"] == code
    assert "The store of files" in answer.json()["detail"]
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert customer.do("getUpload", upload_id=upload["id"])["state"] == "waiting"
    shop.front.fault = None
    if isinstance(fault, Hang):
        fault.end()
    customer.do("completeUpload", upload_id=upload["id"])
    assert sent.done(customer, upload["id"])["state"] == "ready"


def test_an_outage_is_told_once_however_many_uploads_wait(shop):
    customer = shop.customer()
    uploads = [sent.begin(customer, sent.png(("many", i)))["id"] for i in range(8)]
    shop.front.fault = only("GET", "/incoming/", drop)
    lines = len(shop.server.log.read_text().splitlines())
    for upload in uploads:
        customer.do("completeUpload", upload_id=upload)
    for _ in range(2):
        until(lambda: all(is_waiting(shop, upload) for upload in uploads))
        shop.due()
    until(lambda: all(is_waiting(shop, upload) for upload in uploads))
    said = [line for line in shop.server.log.read_text().splitlines()[lines:]
            if '"media"' in line and '"level":"debug"' not in line]
    assert 1 <= len(said) <= 6, "\n".join(said)
    assert any("unavailable" in line for line in said)
    shop.front.fault = None
    shop.due()
    for upload in uploads:
        assert sent.done(customer, upload)["state"] == "ready"


def test_metrics_and_check_say_that_the_store_is_away_and_requests_are_served(shop):
    customer = shop.customer()
    postponed = shop.gauge("sebez_uploads_postponed_total")
    shop.front.fault = only("GET", "/incoming/", drop)
    upload = sent.send(customer, sent.png("metrics"))
    until(lambda: shop.gauge("sebez_uploads_postponed_total") > postponed)
    until(lambda: shop.gauge("sebez_objects_up") == 0)
    shop.front.fault = drop
    assert requests.get(shop.server.url + "/readyz", timeout=60).status_code == 200
    checked = shop.server.sebez("check", check=False)
    assert checked.returncode == 1 and "WRONG  the bucket" in checked.stdout
    done = shop.server.sebez("media", "verify", check=False)
    assert done.returncode == 1 and "The store of files does not answer" in done.stderr
    shop.front.fault = None
    shop.due()
    assert sent.done(customer, upload)["state"] == "ready"
    until(lambda: shop.gauge("sebez_objects_up") == 1)


@contextlib.contextmanager
def conflicts(db):
    """Every change of an upload by a media process is told to try again."""
    db.rows("create function conflict() returns trigger language plpgsql as $$ begin "
            "if current_user = 'sebez_media' then raise exception 'conflict' "
            "using errcode = '40001'; end if; return new; end $$")
    db.rows("create trigger conflict before update on upload for each row "
            "execute function conflict()")
    try:
        yield
    finally:
        db.rows("drop trigger conflict on upload")
        db.rows("drop function conflict()")


def test_failures_of_the_database_cost_an_upload_no_attempt(shop):
    customer = shop.customer()
    upload = None
    for _ in range(5):  # more often than a file may fail
        hang = Hang(then=lambda request: False)
        shop.front.fault = only("GET", "/incoming/", hang)
        if upload is None:
            upload = sent.send(customer, sent.png("database"))
        shop.due()
        until(hang.taken.is_set)
        failed = shop.server.log.read_text().count("work on an upload failed")
        with conflicts(shop.db):
            hang.end()
            until(lambda: shop.server.log.read_text().count("work on an upload failed") > failed)
    shop.front.fault = None
    shop.due()
    assert sent.done(customer, upload)["state"] == "ready"


def test_what_a_lost_lease_leaves_is_found_and_deleted(own_server):
    """A process goes on putting objects after another has done its work and the upload was
    removed."""
    with s3.peer_bucket("7200") as settings:  # all objects are old
        front = Front(settings["S3_ENDPOINT"])
        server = own_server(SEBEZ_MEDIA_PROCESSES=1, **{**settings,
                                                        "S3_ENDPOINT": front.endpoint})
        customer = Shop(server).customer()
        kept = sent.send(customer, sent.png("kept"))
        sent.done(customer, kept)
        sent.at_rest(server, kept)
        known = s3.keys_of(settings)
        held = Hang(then=lambda request: False)
        front.fault = only("PUT", "/public/", lambda request: (
            not held.taken.is_set() and held(request)))
        lost = sent.send(customer, sent.png("lost"))
        until(held.taken.is_set)
        server.db.rows("update upload set claimed_until = now() - interval '1 s' where id = %s",
                       lost)
        assert sent.done(customer, lost)["state"] == "ready"
        sent.at_rest(server, lost)
        customer.do("deleteUpload", upload_id=lost)
        until(lambda: not server.db.rows("select 1 from upload where id = %s", lost))
        assert s3.keys_of(settings) == known
        held.end()
        until(lambda: s3.keys_of(settings) != known)
        done = server.sebez("media", "verify", check=False)
        assert done.returncode == 1 and "unknown  public/" in done.stdout

        def are_deleted():
            """The process may be at its next object."""
            server.sebez("media", "verify", "--delete-unknown")
            return s3.keys_of(settings) == known

        until(are_deleted)
        assert server.stop() == []


@contextlib.contextmanager
def full(server):
    """A small file system instead of the folder of a server that is stopped; a function fills
    it, and makes room again."""
    folder = folder_of(server)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0777", "none", folder],
                          check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    for name in ("tmp", "incoming", "public"):
        (folder / name).mkdir(mode=0o777)
        (folder / name).chmod(0o777)

    def fill(is_full):
        ballast = folder / "ballast"
        if not is_full:
            ballast.unlink()
            return
        with ballast.open("wb", 0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    try:
        yield fill
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_costs_no_upload_and_is_told_once(own_server):
    server = own_server(SEBEZ_MEDIA_PROCESSES=1)
    customer = Shop(server).customer()
    server.stop()
    with full(server) as fill:
        server.start()
        upload = sent.begin(customer, sent.png("disk"))
        fill(True)
        customer.do("completeUpload", upload_id=upload["id"])
        for _ in range(5):
            until(lambda: server.db.one(
                "select claimed_until > now() and attempts = 0 from upload"))
            server.db.rows("update upload set claimed_until = null")
        until(lambda: server.db.one("select claimed_until > now() and attempts = 0 from upload"))
        assert server.log.read_text().count("No space left") <= 4
        assert customer.do("getUpload", upload_id=upload["id"])["state"] == "processing"
        fill(False)
        server.db.rows("update upload set claimed_until = null")
        assert sent.done(customer, upload["id"])["state"] == "ready"
        sent.at_rest(server, upload["id"])
        assert server.stop() == []
