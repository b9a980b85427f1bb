"""Files in conversations: who may attach which, who reads them how, and when they go."""
import pytest
import requests
from harness.feed import Device
from harness.images import has_avif
from harness.media import files_of
from harness.shop import fresh, refused
from harness.talk import Talk
from harness.uploads import ask, attachable, make_ready
from harness.wait import until
from matrix import NEVER
from test_chat_erasure import ask_for_it
from test_chat_moderation import rules  # noqa: F401


def picture(talk, who=None, **more):
    return {"upload_id": attachable(talk.shop.server, who or talk.customer), **more}


def fetched(url):
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def group_of(shop, upload_id):
    return shop.db.one("select object_group from upload where id = %s", upload_id)


def uses(shop, upload_id):
    return shop.db.one("select uses from upload where id = %s", upload_id)


def shown_to_both(talk, message):
    """The message in every read of either side."""
    return [message, talk.of_customer("getMessage", message_id=message["id"]),
            talk.of_vendor("getVendorMessage", message_id=message["id"]),
            *(m for side in (talk.of_customer("listMessages"), talk.of_vendor("listVendorMessages"))
              for m in side["items"] if m["id"] == message["id"])]


# -- sending and reading ------------------------------------------------------------------------

@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_both_sides_see_a_picture_that_either_sends(shop, talk, side):
    author, write = ((talk.customer, talk.ask) if side == "customer"
                     else (talk.vendor.staff("support"), talk.answer))
    mine = picture(talk, author, name="IMG_1.png", alt="The crack")
    who = {} if side == "customer" else {"who": author}
    message = write("", attachments=[mine], **who).json()
    assert message["kind"] == "image"
    for seen in shown_to_both(talk, message):
        (shown,) = seen["attachments"]
        image = shown["image"]
        assert (shown["id"], shown["kind"], shown["name"]) == (
            mine["upload_id"], "image", "IMG_1.png")
        assert (image["id"], image["alt"], image["width"], image["height"]) == (
            mine["upload_id"], "The crack", 900, 600)
        assert len(image["variants"]) == 8 and shown["file"] is None and shown["expires_at"]
        for url in (image["url"], image["variants"][0]["url"]):
            assert fetched(url).content == mine["upload_id"].encode()


@pytest.mark.parametrize("content_type,kind", [
    ("application/pdf", "file"), ("audio/ogg", "voice"), ("video/mp4", "video")])
def test_other_files_are_saved_and_not_shown(shop, talk, content_type, kind):
    content = fresh("content").encode()
    upload = attachable(shop.server, talk.customer, content_type, content)
    message = talk.ask("", attachments=[{"upload_id": upload, "name": "Receipt 7"}]).json()
    assert message["kind"] == kind
    for seen in shown_to_both(talk, message):
        (shown,) = seen["attachments"]
        assert (shown["kind"], shown["name"], shown["image"]) == (kind, "Receipt 7", None)
        assert (shown["file"]["bytes"], shown["file"]["content_type"]) == (1000, content_type)
        answer = fetched(shown["file"]["url"])
        assert answer.content == content
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_an_inbox_says_what_kind_of_files_came_last(shop, talk):
    pdf = {"upload_id": attachable(shop.server, talk.customer, "application/pdf")}
    for attachments, kind in (([picture(talk), picture(talk)], "image"),
                              ([picture(talk), pdf], "file")):
        talk.ask("", attachments=attachments)
        for seen in (talk.of_customer(), talk.of_vendor()):
            assert (seen["last_message"]["kind"], seen["last_message"]["text"]) == (kind, "")


def test_a_message_is_sent_once_with_its_files(talk, shop):
    mine, client_id = picture(talk), fresh("client")
    first, again = (talk.ask("See", client_id, attachments=[mine]).json() for _ in range(2))
    assert first["id"] == again["id"] and talk.texts() == ["See"]
    assert uses(shop, mine["upload_id"]) == 1
    refused(talk.ask("See", client_id, attachments=[picture(talk)]), 409)
    refused(talk.ask("See", client_id), 409)


def test_a_picture_may_be_sent_again(talk, shop):
    mine = picture(talk)
    other = Talk(shop, customer=talk.customer)
    for each in (talk, talk, other):
        assert each.ask("See", attachments=[mine]).status_code == 201
    assert uses(shop, mine["upload_id"]) == 3


def test_a_message_shows_the_further_renditions_of_its_picture(talk, shop):
    mine = picture(talk)
    message = talk.ask("", attachments=[mine]).json()
    has_avif(shop, mine["upload_id"])
    (shown,) = talk.of_vendor("getVendorMessage", message_id=message["id"])["attachments"]
    assert {v["format"] for v in shown["image"]["variants"]} == {"jpg", "webp", "avif"}


# -- what is refused ----------------------------------------------------------------------------

def not_ready(talk):
    return ask(talk.customer, "chat_attachment")["id"]


def of_another_purpose(talk):
    upload = ask(talk.customer, "avatar")
    make_ready(talk.shop.server, upload)
    return upload["id"]


def of_the_other_side(talk):
    return attachable(talk.shop.server, talk.vendor.owner)


def deleted(talk):
    upload_id = attachable(talk.shop.server, talk.customer)
    talk.customer.do("deleteUpload", upload_id=upload_id)
    return upload_id


@pytest.mark.parametrize("upload,code", [
    (not_ready, "not_ready"), (of_another_purpose, "purpose"), (of_the_other_side, "unknown"),
    (deleted, "unknown"), (lambda talk: NEVER, "unknown")])
def test_a_file_that_cannot_be_attached_is_named(talk, upload, code):
    problem = refused(talk.ask("", attachments=[picture(talk), {"upload_id": upload(talk)}]), 400)
    (error,) = problem["errors"]
    assert (error["field"], error["code"]) == ("/attachments/1/upload_id", code)
    assert talk.seqs() == []


def test_staff_attach_only_what_they_have_sent_themselves(talk):
    colleague = talk.vendor.staff("support")
    refused(talk.answer("", attachments=[picture(talk, colleague)]), 400,
            field="/attachments/0/upload_id")


def test_a_file_is_attached_once(talk):
    mine = picture(talk)
    refused(talk.ask("", attachments=[mine, mine]), 400, field="/attachments/1/upload_id")


def test_only_an_image_has_an_alt_text(talk):
    paper = {"upload_id": attachable(talk.shop.server, talk.customer, "application/pdf")}
    refused(talk.ask("", attachments=[{**paper, "alt": "A paper"}]), 400,
            field="/attachments/0/alt")


def test_a_message_has_ten_files_at_most(talk):
    ten = [picture(talk) for _ in range(10)]
    refused(talk.ask("", attachments=[*ten, picture(talk)]), 400, field="/attachments")
    assert len(talk.ask("", attachments=ten).json()["attachments"]) == 10


# -- links --------------------------------------------------------------------------------------

def test_an_event_has_no_links_and_the_message_has_them(talk):
    devices = (Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id))
    mine = picture(talk, name="IMG_1.png")
    message = talk.ask("See", attachments=[mine]).json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "Look"})
    for device in devices:
        told = next(e for e in device.until(2) if e["kind"] == "message_sent")["payload"]
        assert told["attachments"] == [{"id": mine["upload_id"], "kind": "image",
                                        "name": "IMG_1.png", "image": None, "file": None,
                                        "expires_at": None}]
        assert "media/" not in str(told)
    (shown,) = talk.of_vendor("getVendorMessage", message_id=message["id"])["attachments"]
    assert shown["image"]["url"]


def test_a_link_is_of_one_file_and_expires(talk):
    message = talk.ask("", attachments=[picture(talk), picture(talk)]).json()
    mine, other = (a["image"]["url"] for a in message["attachments"])
    assert "X-Amz-Expires=900" in mine
    for url in (mine.split("?")[0], other.split("?")[0] + "?" + mine.split("?")[1],
                mine.replace("X-Amz-Expires=900", "X-Amz-Expires=9000")):
        assert requests.get(url, timeout=60).status_code == 403


def test_nobody_else_gets_a_link(talk, shop):
    message = talk.ask("", attachments=[picture(talk)]).json()
    other = Talk(shop)
    refused(other.customer.call("getMessage", conversation_id=talk.id,
                                message_id=message["id"]), 404)
    refused(other.customer.call("getMessage", conversation_id=other.id,
                                message_id=message["id"]), 404)
    for vendor_id, conversation_id in ((other.vendor.id, talk.id), (other.vendor.id, other.id),
                                       (talk.vendor.id, talk.id)):
        refused(other.vendor.owner.call("getVendorMessage", vendor_id=vendor_id,
                                        conversation_id=conversation_id,
                                        message_id=message["id"]), 404)
    refused(talk.vendor.staff("finance").call(
        "getVendorMessage", vendor_id=talk.vendor.id, conversation_id=talk.id,
        message_id=message["id"]), 403)
    upload_id = message["attachments"][0]["id"]
    refused(talk.vendor.owner.call("getUpload", upload_id=upload_id), 404)


# -- what goes, and what admins see -------------------------------------------------------------

def test_a_deleted_message_has_no_links_but_for_admins(talk, shop):
    mine = picture(talk, alt="The crack")
    message = talk.ask("", attachments=[mine]).json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "See"})
    talk.of_customer("deleteMessage", message_id=message["id"])
    for seen in shown_to_both(talk, message)[1:]:
        assert seen["attachments"] == []
    (overseen,) = shop.admin("moderator").do(
        "adminListMessages", conversation_id=talk.id)["items"]
    assert overseen["attachments"] == []
    edited, deleted = overseen["history"]
    assert (edited["action"], edited["attachments"]) == ("edited", [])
    (shown,) = deleted["attachments"]
    assert (deleted["text"], shown["image"]["alt"]) == ("See", "The crack")
    assert fetched(shown["image"]["url"]).content == mine["upload_id"].encode()


def test_who_decides_of_a_report_sees_the_files(talk, shop):
    message = talk.answer("", attachments=[picture(talk, talk.vendor.owner)]).json()
    report = talk.of_customer("reportMessage", message_id=message["id"], body={"reason": "spam"})
    moderator = shop.admin("moderator")
    seen = moderator.do("getReport", report_id=report["id"])
    listed = next(r for r in moderator.all("listReports", status="open")
                  if r["id"] == report["id"])
    for shown in (seen["report"]["message"], listed["message"], *seen["conversation"]):
        fetched(shown["attachments"][0]["image"]["url"])


def test_a_held_message_keeps_its_files_until_it_is_released(talk, shop, rules):  # noqa: F811
    rules(email="hold")
    mine = picture(talk)
    held = talk.ask("ada@example.com", attachments=[mine]).json()
    moderator = shop.admin("moderator")
    seen = next(h for h in moderator.all("listHeldMessages") if h["id"] == held["id"])
    fetched(seen["attachments"][0]["image"]["url"])
    refused(talk.vendor.owner.call("getVendorMessage", vendor_id=talk.vendor.id,
                                   conversation_id=talk.id, message_id=held["id"]), 404)
    moderator.do("decideHeldMessage", held_id=held["id"], body={"decision": "release"})
    message = talk.of_vendor("getVendorMessage", message_id=held["id"])
    fetched(message["attachments"][0]["image"]["url"])
    assert uses(shop, mine["upload_id"]) == 1


def test_what_a_person_has_erased_is_removed_with_its_files(talk, shop, rules):  # noqa: F811
    rules(email="hold")
    other = Talk(shop, customer=talk.customer)
    sent, gone, held, twice = (picture(talk) for _ in range(4))
    theirs = picture(talk, talk.vendor.owner)
    groups = [group_of(shop, each["upload_id"]) for each in (sent, gone, held, twice)]
    message = talk.ask("See", attachments=[sent]).json()
    deleted = talk.ask("See", attachments=[gone, twice]).json()
    talk.of_customer("deleteMessage", message_id=deleted["id"])
    assert talk.ask("ada@example.com", attachments=[held]).status_code == 202
    other.ask("See", attachments=[twice])
    talk.answer("See", attachments=[theirs])
    ask_for_it(shop, talk.customer)
    assert talk.of_vendor("getVendorMessage", message_id=message["id"])["attachments"] == []
    until(lambda: shop.db.one("select count(*) from upload where account_id = %s",
                              talk.customer.id) == 0)
    assert [files_of(shop.server, f"private/{group}") for group in groups] == [[]] * 4
    assert uses(shop, theirs["upload_id"]) == 1


def test_a_conversation_that_is_forgotten_releases_its_files(talk, shop):
    mine = picture(talk)
    talk.ask("See", attachments=[mine])
    talk.forget()
    assert uses(shop, mine["upload_id"]) == 0
