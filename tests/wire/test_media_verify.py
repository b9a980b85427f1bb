"""`sebez media verify`: rows and objects are compared both ways, in a folder and in a bucket."""
import contextlib
import os
import random
import shutil
import time
import uuid

import pytest

from conftest import SEED, serving
from harness import s3
from harness.media import files_of, folder_of, keep
from harness.shop import Shop, fresh
from harness.uploads import ask, make_ready

AGE_S = 2 * 3600  # of what is put


class Folder:
    settings = {}

    def put(self, server, key, data):
        keep(server, key, data)
        then = time.time() - AGE_S
        os.utime(folder_of(server) / key, (then, then))

    def delete(self, server, key):
        (folder_of(server) / key).unlink()

    def keys(self, server):
        return files_of(server)


class Bucket:
    def __init__(self, settings):
        self.settings = settings

    def put(self, _server, key, data):
        assert s3.call(self.settings, "PUT", key, data).status_code == 200

    def delete(self, _server, key):
        assert s3.call(self.settings, "DELETE", key).status_code == 204

    def keys(self, _server):
        return s3.keys_of(self.settings)


class Marketplace(Shop):
    """With an upload in every state, whose objects are as they should be."""

    def __init__(self, server, store):
        super().__init__(server)
        self.store = store
        self.owner = self.customer()
        self.waiting = self.begun()
        self.processing = self.begun()
        self.moved(self.processing, "state = 'processing', work = 'publish'")
        self.ready = ask(self.owner)
        self.group = make_ready(server, self.ready, fresh("one").encode(), put=store.put)
        self.before_avif = self.begun()
        make_ready(server, self.before_avif, fresh("two").encode(), put=store.put)
        self.moved(self.before_avif, "work = 'avif'")
        self.failed = self.begun()
        self.moved(self.failed, "state = 'failed', failure = 'expired', work = 'tidy'")
        document = ask(self.owner, "chat_attachment", "application/pdf", 9)
        self.file_group = uuid.uuid4().hex
        self.put(f"private/{self.file_group}/original.pdf", b"%PDF-1.4 ")
        self.moved(document, "state = 'processing'")
        self.moved(document, "state = 'ready', bytes_stored = 9, sha256 = sha256('x'), "
                   f"object_group = '{self.file_group}'")

    def begun(self):
        upload = ask(self.owner, "review_photo", size=9_000_000)
        self.put(f"incoming/{upload['id']}/1", bytes(8 << 20))
        self.put(f"incoming/{upload['id']}/2", bytes(9_000_000 - (8 << 20)))
        return upload

    def moved(self, upload, change):
        self.db.rows(f"update upload set {change} where id = %s", upload["id"])

    def put(self, key, data=b"bytes"):
        self.store.put(self.server, key, data)

    def delete(self, key):
        self.store.delete(self.server, key)

    def keys(self):
        return self.store.keys(self.server)

    def verified(self, *flags):
        """Findings, and the summary; it fails exactly when there are findings."""
        done = self.server.sebez("media", "verify", *flags, check=False)
        lines = done.stdout.splitlines()
        (summary,) = [line for line in lines if " compared: " in line]
        found = [line.split(", ")[0] for line in lines if line.split()[0] in (
            "missing", "size", "unknown")]
        assert done.returncode == (1 if found and "--delete-unknown" not in flags else 0), done
        return sorted(" ".join(line.split()) for line in found), summary


@pytest.fixture(scope="module", params=["folder", "bucket"])
def shop(request):
    with contextlib.ExitStack() as stack:
        store = Folder() if request.param == "folder" else Bucket(
            stack.enter_context(s3.peer_bucket(str(AGE_S))))
        yield Marketplace(stack.enter_context(serving(**store.settings)), store)


def test_what_agrees_has_no_findings(shop):
    found, summary = shop.verified()
    assert found == []
    assert summary.endswith("0 uploads lack objects, 0 have objects of another size; "
                            "0 objects (0 bytes) are unknown, 0 of the last hour were left out")


def test_missing_objects_are_found(shop):
    names = ("public/{0}/160.jpg", "public/{0}/900.webp", "incoming/{1}/2", "incoming/{2}/1",
             "private/{3}/original.pdf")
    keys = [name.format(shop.group, shop.processing["id"], shop.before_avif["id"],
                        shop.file_group) for name in names]
    kept = {key: size(shop, key) for key in keys}
    for key in keys:
        shop.delete(key)
    found, summary = shop.verified()
    assert found == sorted(
        f"missing {key} of upload {owner}" for key, owner in zip(keys, (
            shop.ready["id"], shop.ready["id"], shop.processing["id"], shop.before_avif["id"],
            shop.db.one("select id from upload where object_group = %s", shop.file_group))))
    assert "4 uploads lack objects" in summary
    for key, data in kept.items():
        shop.put(key, data)
    assert shop.verified()[0] == []


def size(shop, key):
    """Bytes as they are in the store."""
    if isinstance(shop.store, Folder):
        return (folder_of(shop.server) / key).read_bytes()
    answer = s3.call(shop.store.settings, "GET", key)
    assert answer.status_code == 200
    return answer.content


def test_objects_of_another_size_are_found(shop):
    changed = (f"public/{shop.group}/320.jpg", f"incoming/{shop.processing['id']}/1",
               f"private/{shop.file_group}/original.pdf")
    kept = {key: size(shop, key) for key in changed}
    for key in changed:
        shop.put(key, b"!")
    found, _ = shop.verified()
    assert len(found) == 3 and all(line.startswith("size ") for line in found)
    assert any("original.pdf" in line and "has 1 bytes instead of 9" in line for line in found)
    assert any(shop.group in line for line in found)
    for key, data in kept.items():
        shop.put(key, data)
    assert shop.verified()[0] == []


def strays(shop):
    """What no row explains: of a row that is gone, of an upload that is done, of nobody."""
    return sorted([f"public/{uuid.uuid4().hex}/160.jpg", f"private/{uuid.uuid4().hex}/160.jpg",
                   f"incoming/{uuid.uuid4()}/1", f"incoming/{shop.ready['id']}/1",
                   f"incoming/{shop.processing['id']}/3",
                   f"public/{shop.group}/160.avif", f"public/{shop.group}/readme",
                   f"public/{shop.group[::-1]}/1/2/3", "public/note"])


def test_unknown_objects_are_found_and_deleted_when_that_is_asked_for(shop):
    before = shop.keys()
    unknown = strays(shop)
    for key in unknown:
        shop.put(key)
    found, summary = shop.verified()
    assert found == [f"unknown {key}" for key in unknown]
    assert "9 objects (45 bytes) are unknown" in summary
    assert shop.keys() == sorted([*before, *unknown])
    assert shop.verified("--delete-unknown")[0] == found
    assert shop.keys() == before
    assert shop.verified()[0] == []


def test_a_copy_of_a_persons_data_is_known_while_it_has_its_row(shop):
    person = shop.customer()
    key = f"private/exports/{person.id}.zip"
    shop.db.rows("insert into account_export (account_id, by_admin, ready_at, bytes, expires_at) "
                 "values (%s, false, now(), 1, now() + interval '1 day')", person.id)
    shop.put(key)
    assert shop.verified()[0] == []
    shop.db.rows("delete from account_export")
    assert shop.verified("--delete-unknown")[0] == [f"unknown {key}"]
    assert key not in shop.keys()


def test_a_group_of_which_objects_are_deleted_is_not_begun(shop):
    upload, group = shop.begun(), uuid.uuid4().hex
    shop.moved(upload, "state = 'processing', work = 'publish'")

    def taken():
        return shop.db.one("select upload_take_group(%s, %s, sha256('x'), '{image/png}')",
                           upload["id"], group)

    shop.db.rows("select upload_hold_group(%s, 60) is null as held", group)
    assert taken() == "later"
    shop.db.rows("update upload_group_hold set held_until = now() where object_group = %s", group)
    assert taken() == "make"


def test_more_unknown_objects_than_known_ones_are_not_deleted(shop):
    """They are another marketplace's."""
    group = uuid.uuid4().hex
    for number in range(len(shop.keys()) + 1):
        shop.put(f"public/{group}/{number}.jpg")
    before = shop.keys()
    done = shop.server.sebez("media", "verify", "--delete-unknown", check=False)
    assert done.returncode == 1 and "not the database of this store" in done.stderr
    assert shop.keys() == before
    shop.db.rows("update upload set object_group = %s where id = %s", group, shop.failed["id"])
    assert shop.verified()[0] == [], "a failed upload's objects are removed with it"


def test_what_is_younger_than_an_hour_may_be_in_the_making(own_server):
    server = own_server()
    key = keep(server, f"public/{uuid.uuid4().hex}/160.jpg", b"new")
    done = server.sebez("media", "verify", "--delete-unknown")
    assert "0 objects (0 bytes) are unknown, 1 of the last hour" in done.stdout
    assert files_of(server) == [key]


def test_pages_lose_and_repeat_nothing(own_server):
    """More rows and objects than a page has, of which some are missing on either side."""
    print("seed", SEED)
    dice = random.Random(SEED)
    shop = Shop(own_server())
    store, account = Folder(), shop.customer().id
    groups = [f"{dice.getrandbits(128):032x}" for _ in range(1100)]
    lost = [group for group in groups if dice.random() < 0.1]
    unknown = [f"public/{dice.getrandbits(128):032x}/{dice.randrange(9)}.jpg" for _ in range(150)]
    shop.db.rows(
        "insert into upload (id, account_id, purpose, visibility, content_type, bytes, part_count,"
        " sha256, expires_at, state, object_group, widths, formats, bytes_stored, width, height) "
        "select gen_random_uuid(), %s, 'avatar', 'public', 'image/png', 1, 1, sha256('x'), now(),"
        " 'ready', g, '{160,320}', '{jpg}', 2, 400, 400 from unnest(%s) g", account, groups)
    for group in set(groups) - set(lost):
        for width in (160, 320):
            store.put(shop.server, f"public/{group}/{width}.jpg", b"x")
    for key in unknown:
        store.put(shop.server, key, b"x")

    def said(uploads_without, objects):
        done = shop.server.sebez("media", "verify", check=False)
        assert f"{len(groups)} uploads and {objects} objects" in done.stdout
        assert f": {uploads_without} uploads lack objects" in done.stdout
        assert f"{len(unknown)} objects ({len(unknown)} bytes) are unknown" in done.stdout
        assert done.stdout.count("unknown  ") == 100, "each kind is shown in part"

    said(len(lost), 2 * (len(groups) - len(lost)) + len(unknown))
    for group in set(groups) - set(lost):
        shutil.rmtree(folder_of(shop.server) / "public" / group)
    said(len(groups), len(unknown))
