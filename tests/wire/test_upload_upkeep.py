"""What becomes of uploads that are not sent, not used or deleted; quotas. docs/MEDIA.md."""
import contextlib
import os
import signal

import pytest
from harness.feed import Device, members
from harness.shop import Shop, fresh, refused
from harness.media import files_of
from harness.uploads import ask, make_ready, put
from harness.wait import until


def ready(shop, who, purpose="avatar", content=None):
    upload = ask(who, purpose)
    group = make_ready(shop.server, upload, content or fresh("picture").encode())
    return upload["id"], group


def exists(shop, upload_id):
    return bool(shop.db.rows("select 1 from upload where id = %s", upload_id))


def unused_for_a_day(shop, *uploads):
    shop.db.rows("update upload set released_at = now() - interval '24 hours 1 second' "
                 "where id = any (%s::uuid[]) and released_at is not null", list(uploads))


@contextlib.contextmanager
def referring_table(shop, counted=True):
    """A table whose rows refer to uploads, with or without the trigger that counts them."""
    name = fresh("upload_user").replace("-", "_")
    shop.db.rows(f"create table {name} (id int, image_upload_id uuid references upload (id))")
    if counted:
        shop.db.rows(f"create trigger track_uploads after insert or delete or update on {name} "
                     "for each row execute function track_uploads('image_upload_id')")
    try:
        yield name
    finally:
        shop.db.rows(f"delete from {name}")
        shop.db.rows(f"drop table {name}")


# -- bytes that do not come ---------------------------------------------------------------------

def test_an_upload_whose_bytes_do_not_come_fails_and_its_account_is_told(shop):
    customer = shop.customer()
    device = Device(customer)
    upload = ask(customer)
    shop.db.rows("update upload set expires_at = now() where id = %s", upload["id"])
    (event,) = device.until(1)
    assert event["kind"] == "upload_failed"
    assert event["payload"] == {
        "upload_id": upload["id"], "purpose": "avatar", "failure": "expired"}
    shown = customer.do("getUpload", upload_id=upload["id"])
    assert (shown["state"], shown["failure"]["code"]) == ("failed", "expired")
    assert shown["upload"] is None
    put(shop.server, upload)
    refused(customer.call("completeUpload", upload_id=upload["id"]), 409)


def test_uploads_that_wait_for_their_bytes_are_bounded_by_account(shop):
    customer = shop.customer()
    first = ask(customer)
    shop.db.rows(
        "insert into upload (id, account_id, purpose, visibility, content_type, bytes, part_count, "
        "expires_at) select gen_random_uuid(), %s, 'avatar', 'public', 'image/png', 1, 1, "
        "now() + interval '1 hour' from generate_series(2, 300)", customer.id)
    body = {"purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000}
    assert refused(customer.call("createUpload", body=body), 409)["code"] == "quota_exceeded"
    customer.do("deleteUpload", upload_id=first["id"])
    ask(customer)


# -- quotas -------------------------------------------------------------------------------------

def store(shop, account_id, vendor_id, mib):
    """As if the owner stored so much. It is never removed and has no work to do."""
    shop.db.rows(
        "insert into upload (id, account_id, vendor_id, purpose, visibility, content_type, bytes, "
        "part_count, expires_at, state, kept) values (gen_random_uuid(), %s, %s, 'product_image', "
        "'public', 'image/png', %s, 1, now(), 'processing', true)",
        account_id, vendor_id, mib << 20)


def test_an_account_stores_no_more_than_its_quota(shop):
    customer = shop.customer()
    store(shop, customer.id, None, 4096)
    body = {"purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000}
    assert refused(customer.call("createUpload", body=body), 409)["code"] == "quota_exceeded"
    ask(shop.customer())


def test_a_vendor_stores_no_more_than_its_quota_whoever_sends(shop):
    vendor = shop.vendor()
    store(shop, vendor.owner.id, vendor.id, 400 * 1024)
    body = {"purpose": "product_image", "vendor_id": vendor.id, "content_type": "image/jpeg",
            "bytes": 1000}
    for who in (vendor.owner, vendor.staff("manager")):
        assert refused(who.call("createUpload", body=body), 409)["code"] == "quota_exceeded"
    ask(vendor.owner)


# -- deleting -----------------------------------------------------------------------------------

def test_a_deleted_upload_is_gone_with_its_objects(shop):
    customer = shop.customer()
    upload_id, group = ready(shop, customer)
    customer.do("deleteUpload", upload_id=upload_id)
    for operation in ("getUpload", "completeUpload", "deleteUpload"):
        refused(customer.call(operation, upload_id=upload_id), 404)
    until(lambda: not exists(shop, upload_id))
    assert not files_of(shop.server, f"public/{group}")


def test_the_parts_of_a_deleted_upload_are_deleted(shop):
    customer = shop.customer()
    upload = ask(customer)
    put(shop.server, upload)
    customer.do("deleteUpload", upload_id=upload["id"])
    until(lambda: not exists(shop, upload["id"]))
    assert not files_of(shop.server, f"incoming/{upload['id']}")


def test_an_upload_that_is_used_cannot_be_deleted(shop):
    customer = shop.customer()
    upload_id, _ = ready(shop, customer)
    with referring_table(shop) as table:
        shop.db.rows(f"insert into {table} values (1, %s)", upload_id)
        refused(customer.call("deleteUpload", upload_id=upload_id), 409)
        shop.db.rows(f"delete from {table}")
        customer.do("deleteUpload", upload_id=upload_id)


def test_objects_that_two_uploads_share_stay_for_the_other(shop):
    customer = shop.customer()
    content = fresh("picture").encode()
    (one, group), (two, _) = (ready(shop, customer, purpose, content)
                              for purpose in ("avatar", "review_photo"))
    before = files_of(shop.server, f"public/{group}")
    customer.do("deleteUpload", upload_id=one)
    until(lambda: not exists(shop, one))
    assert files_of(shop.server, f"public/{group}") == before
    customer.do("deleteUpload", upload_id=two)
    until(lambda: not exists(shop, two))
    assert not files_of(shop.server, f"public/{group}")


# -- what nothing uses --------------------------------------------------------------------------

def test_what_nothing_has_used_for_a_day_is_removed(shop):
    customer = shop.customer()
    old, group = ready(shop, customer)
    young, _ = ready(shop, customer)
    unused_for_a_day(shop, old)
    until(lambda: not exists(shop, old))
    assert not files_of(shop.server, f"public/{group}")
    assert customer.do("getUpload", upload_id=young)["state"] == "ready"


def test_what_is_used_or_was_sold_is_not_removed(shop):
    customer = shop.customer()
    used, sold, witness = (ready(shop, customer)[0] for _ in range(3))
    with referring_table(shop) as table:
        shop.db.rows(f"insert into {table} values (1, %s), (2, %s)", used, used)
        shop.db.rows(f"delete from {table} where id = 2")
        shop.db.rows("update upload set kept = true where id = %s", sold)
        unused_for_a_day(shop, used, sold, witness)
        until(lambda: not exists(shop, witness))
        assert exists(shop, used) and exists(shop, sold)
        shop.db.rows(f"update {table} set image_upload_id = null")
        unused_for_a_day(shop, used)
        until(lambda: not exists(shop, used))
        assert exists(shop, sold)


def test_a_reference_that_nobody_counts_keeps_the_upload_and_its_objects(shop):
    customer = shop.customer()
    used, group = ready(shop, customer)
    with referring_table(shop, counted=False) as table:
        shop.db.rows(f"insert into {table} values (1, %s)", used)
        unused_for_a_day(shop, used)
        until(lambda: shop.db.one("select released_at > now() - interval '1 hour' and removed_at "
                                  "is null from upload where id = %s", used))
        assert files_of(shop.server, f"public/{group}")


def test_nothing_begins_to_use_what_is_being_removed(shop):
    customer = shop.customer()
    upload_id, _ = ready(shop, customer)
    with referring_table(shop) as table:
        shop.db.rows("update upload set removed_at = now(), claimed_until = now() + "
                     "interval '1 hour' where id = %s", upload_id)
        with pytest.raises(Exception, match="Upload not found"):
            shop.db.rows(f"insert into {table} values (1, %s)", upload_id)
    shop.db.rows("update upload set claimed_until = null where id = %s", upload_id)


def test_removal_goes_on_where_a_process_was_killed(own_server):
    shop = Shop(own_server())
    customer = shop.customer()
    uploads = [ready(shop, customer)[0] for _ in range(60)]
    unused_for_a_day(shop, *uploads)
    for left in (60, 40, 20):
        until(lambda most=left: count(shop) < most)
        for pid in members(shop.server, "jobs"):
            os.kill(pid, signal.SIGKILL)
    until(lambda: count(shop) == 0)
    assert not files_of(shop.server, "public")


def count(shop):
    return shop.db.one("select count(*) from upload")
