"""A copy of one's data: what is in it, who gets it, and that it is made whatever fails."""
import csv
import io
import json
import os
import signal
import zipfile

import pytest
import requests

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness.codes import fresh_phone  # noqa: E402
from harness.feed import members  # noqa: E402
from harness.shop import Shop, fresh, refused  # noqa: E402
from harness.wait import locked, until  # noqa: E402
from test_leaving import again, erased, with_traces  # noqa: E402
from test_step_up import age  # noqa: E402

# Tables that name an account and are not in its copy.
LEFT_OUT = {
    "account_deletion": "getMe shows it",
    "account_device": "digests by which a device is known again",
    "account_export": "the copy itself",
    "campaign_test": "admins who try a campaign",
    "chargeback": "between the bank and the marketplace",
    "chat_erasure": "how far an erasing is",
    "email_change": "a code that is under way",
    "live_activity": "addresses of a provider",
    "mail_digest": "what is to be sent",
    "mail_letter": "what is to be sent",
    "message_attachment": "in messages",
    "notice_reader": "how far notices were read",
    "payout": "of a vendor, which staff approve",
    "payout_approval": "of a vendor",
    "recovery_code": "digests of secrets",
    "revocation": "sessions that ended, for minutes",
    "sign_in_challenge": "a sign-in that is under way",
    "staff_acknowledged": "how far staff have read",
    "stock_adjustment": "of a vendor; the person's part is in activity",
    "sub_order_refund_line": "amounts are in refunds",
    "two_factor_grace": "a date of the marketplace's rule",
}


def prepared(person):
    person.do("requestDataExport")
    until(lambda: person.do("getDataExport")["state"] == "ready")
    return person.do("getDataExport")


def opened(person):
    answer = requests.get(person.do("openDataExport")["url"], timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content)), len(answer.content)


def parts(archive):
    return {name.removesuffix(".json"): json.loads(archive.read(name))
            for name in archive.namelist() if name.endswith(".json")}


def hasten(shop, person):
    shop.db.rows("update account_export set due_at = now() where account_id = %s", person.id)


def object_of(server, person):
    return server.data / f"var/objects/private/exports/{person.id}.zip"


def test_a_copy_has_all_that_is_stored_of_a_person_and_no_secret(mail):
    shop, name = mail.shop, fresh("Selam")
    person, vendor, order, _ = with_traces(shop, name, fresh_phone())
    person = again(shop, person)
    told = prepared(person)
    archive, size = opened(person)
    assert archive.testzip() is None and told["bytes"] == size
    found = parts(archive)
    assert found["account"][0]["email"] == person.account["email"]
    assert found["addresses"][0]["line1"] == f"{name} Row 1"
    assert {o["number"] for o in found["orders"]} == {
        o["number"] for o in person.all("listOrders")}
    (mine,) = [o for o in found["orders"] if o["id"] == order["id"]]
    assert mine["total"] == order["total"]["amount"] and len(mine["sub_orders"][0]["lines"]) == 1
    assert any(m["text"].startswith(f"I am {name}") for m in found["messages"])
    assert len(found["returns"]) == 2 and found["returns"][0]["lines"]
    assert [f["vendor"] for f in found["follows"]] == [
        shop.db.one("select name from vendor where id = %s", vendor.id)]
    rows = list(csv.DictReader(io.StringIO(archive.read("purchases.csv").decode())))
    assert sum(float(row["Total"]) * 100 for row in rows) == sum(
        line["total"] for o in found["orders"] for s in o["sub_orders"] for line in s["lines"])
    files = [n for n in archive.namelist() if n.startswith("files/")]
    assert len(files) == shop.db.one("select count(*) from upload where account_id = %s and "
                                     "vendor_id is null and state = 'ready'", person.id) >= 3
    assert all(archive.read(file) for file in files)
    everything = b"".join(archive.read(n) for n in archive.namelist() if n not in files)
    assert b"$argon2" not in everything and b"commission" not in everything
    until(lambda: "The copy of your data is ready" in [
        got.message["Subject"] for got in mail.got(person)])


def test_every_table_that_names_an_account_is_in_the_copy_or_named_here(shop):
    naming = {row["name"] for row in shop.db.rows(
        "select distinct c.relname::text as name from pg_attribute a join pg_class c "
        "on c.oid = a.attrelid where c.relkind in ('r', 'p') and c.relnamespace = "
        "'public'::regnamespace and a.attname in ('account_id', 'by_account')")}
    source = " ".join(row["source"] for row in shop.db.rows(
        "select prosrc as source from pg_proc where proname like 'export\\_%%'"))
    inside = {name for name in naming if f" {name} " in source.replace("\n", " ")
              .replace(")", " ")}
    assert naming - inside == set(LEFT_OUT)


def test_a_long_list_is_whole(shop):
    person = shop.customer()
    shop.db.rows("insert into address (id, account_id, name, line1, city, country) select "
                 "gen_random_uuid(), %s, 'A', n::text, 'Addis Ababa', 'ET' "
                 "from generate_series(1, 1234) n", person.id)
    prepared(person)
    found = parts(opened(person)[0])
    assert sorted(int(a["line1"]) for a in found["addresses"]) == list(range(1, 1235))
    assert found["orders"] == []


def test_a_copy_is_its_owners_alone_who_proves_it(shop):
    person, other = shop.customer(), shop.customer()
    prepared(person)
    refused(other.call("getDataExport"), 404)
    refused(other.call("openDataExport"), 404)
    url = f"{shop.server.url}/media/private/exports/{person.id}.zip"
    assert requests.get(url, timeout=60).status_code in (401, 403)
    age(shop, person, 16)
    for name in ("openDataExport", "requestDataExport"):
        refused(person.call(name), 403, "recent_authentication_required")


def test_asking_again_changes_nothing_within_a_day_and_renews_it_later(shop):
    person = shop.customer()
    first = prepared(person)
    assert person.do("requestDataExport") == first
    shop.db.rows("update account_export set asked_at = now() - interval '25 hours' "
                 "where account_id = %s", person.id)
    person.do("updateMe", body={"name": "Renamed"})
    assert person.do("requestDataExport")["asked_at"] > first["asked_at"]
    until(lambda: person.do("getDataExport")["state"] == "ready")
    assert parts(opened(person)[0])["account"][0]["name"] == "Renamed"


def test_an_admin_has_a_copy_made_and_cannot_open_it(shop):
    support, person, reason = shop.admin("support"), shop.customer(), fresh("A letter")
    asked = support.do("requestUserDataExport", user_id=person.id, body={"reason": reason})
    assert asked["by_admin"] is True
    until(lambda: person.do("getDataExport")["state"] == "ready")
    assert str(person.id) not in support.call("openDataExport").text
    assert shop.db.one("select count(*) from audit_log where object_kind = 'account_export' "
                       "and reason = %s and account_id = %s", reason, support.id) == 1
    refused(support.call("requestUserDataExport", user_id=person.id, body={}), 400,
            field="/reason")
    refused(support.call("requestUserDataExport", user_id="0190b0b0-0000-7000-8000-00000000dead",
                         body={"reason": reason}), 404)


def test_a_copy_goes_after_a_week_and_with_the_account(shop):
    late, leaver = shop.customer(), shop.customer()
    for person in (late, leaver):
        prepared(person)
        assert object_of(shop.server, person).exists()
    shop.db.rows("update account_export set expires_at = now() where account_id = %s", late.id)
    refused(late.call("getDataExport"), 404)
    leaver.do("requestDeletion")
    erased(shop, leaver)
    for person in (late, leaver):
        until(lambda: not shop.db.rows("select 1 from account_export where account_id = %s",
                                       person.id))
        assert not object_of(shop.server, person).exists()


def test_a_copy_that_comes_after_its_row_has_gone_is_removed(shop):
    leaver, next_one = shop.customer(), shop.customer()
    with locked(shop.server, "lock table campaign_recipient"):  # which is read for it
        leaver.do("requestDataExport")
        until(lambda: shop.db.one("select attempts from account_export where account_id = %s",
                                  leaver.id))
        shop.db.rows("delete from account_export where account_id = %s", leaver.id)
    prepared(next_one)  # after it
    assert not object_of(shop.server, leaver).exists()
    assert object_of(shop.server, next_one).exists()


def test_a_copy_is_made_whatever_dies_and_while_the_store_fails(own_server):
    server = own_server()
    shop = Shop(server)
    person = shop.customer()
    folder = server.data / "var/objects/private/exports"
    owner = folder.parent.parent.stat()
    folder.parent.mkdir(exist_ok=True)
    os.chown(folder.parent, owner.st_uid, owner.st_gid)
    folder.write_text("")  # so there can be no folder
    person.do("requestDataExport")
    until(lambda: shop.db.one("select attempts from account_export"))
    assert person.do("getDataExport")["state"] == "preparing"
    for _ in range(4):
        until(lambda: members(server, "jobs"))
        (jobs,) = members(server, "jobs")
        os.kill(jobs, signal.SIGKILL)
        until(lambda: jobs not in members(server, "jobs"))
        hasten(shop, person)
    # However often it failed, it is tried an hour later; a lease would end in 15 minutes.
    shop.db.rows("update account_export set attempts = 2000, due_at = now()")
    until(lambda: shop.db.one("select due_at > now() + interval '30 minutes' from account_export"))
    folder.unlink()
    hasten(shop, person)
    until(lambda: person.do("getDataExport")["state"] == "ready")
    assert opened(person)[0].testzip() is None
