"""Uploads, from asking to send a file until it is processed, and their removal. docs/MEDIA.md."""
import hashlib

import pytest
import requests
from harness.shop import fresh, refused, together
from harness.media import files_of
from harness.uploads import PART_BYTES, ask, make_ready, part_sizes, put, put_part
from matrix import NEVER

SHA256 = "ab" * 32


def field_of(response, status=400):
    return refused(response, status)["errors"][0]["field"]


# -- asking -------------------------------------------------------------------------------------

def test_a_new_upload_waits_for_its_bytes_at_one_link(shop):
    customer = shop.customer()
    response = customer.call("createUpload", body={
        "purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000})
    upload = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == "/v1/uploads/" + upload["id"]
    assert (upload["state"], upload["image"], upload["file"]) == ("waiting", None, None)
    assert upload["upload"]["method"] == "PUT" and upload["upload"]["parts"] is None
    assert upload["upload"]["url"].startswith(shop.server.url + "/")
    assert customer.do("getUpload", upload_id=upload["id"])["created_at"] == upload["created_at"]


def test_a_large_file_is_sent_in_parts(shop):
    size = 2 * PART_BYTES + 5
    upload = ask(shop.customer(), "chat_attachment", "video/mp4", size)
    parts = upload["upload"]["parts"]
    assert upload["upload"]["url"] is None
    assert [part["bytes"] for part in parts] == part_sizes(size)
    assert [part["offset"] for part in parts] == [0, PART_BYTES, 2 * PART_BYTES]
    assert [part["number"] for part in parts] == [1, 2, 3]
    assert not any(part["received"] for part in parts)


@pytest.mark.parametrize("body,field", [
    ({"purpose": "wallpaper"}, "/purpose"),
    ({"content_type": "image/svg+xml"}, "/content_type"),
    ({"content_type": "application/pdf"}, "/content_type"),
    ({"bytes": 0}, "/bytes"),
    ({"bytes": 8 * 1024 * 1024 + 1}, "/bytes"),
    ({"bytes": 64 * 1024 * 1024 + 1}, "/bytes"),
    ({"sha256": "AB" * 32}, "/sha256"),
    ({"vendor_id": NEVER}, "/vendor_id"),
    ({"purpose": "product_image"}, "/vendor_id"),
])
def test_bad_input_is_named(shop, body, field):
    whole = {"purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000, **body}
    assert field_of(shop.customer().call("createUpload", body=whole)) == field


@pytest.mark.parametrize("role,allowed", [
    ("owner", True), ("manager", True), ("fulfilment", False), ("support", False),
    ("finance", False)])
def test_only_owners_and_managers_send_pictures_of_products(shop, role, allowed):
    vendor = shop.vendor()
    response = vendor.staff(role).call("createUpload", body={
        "purpose": "product_image", "vendor_id": vendor.id, "content_type": "image/png",
        "bytes": 1000})
    assert response.status_code == (201 if allowed else 403)


def test_a_vendor_that_is_not_the_callers_answers_like_one_that_does_not_exist(shop):
    body = {"purpose": "vendor_document", "content_type": "application/pdf", "bytes": 1000}
    owner = shop.vendor().owner
    answers = [refused(owner.call("createUpload", body={**body, "vendor_id": vendor_id}), 404)
               for vendor_id in (NEVER, shop.vendor().id)]
    assert answers[0]["detail"] == answers[1]["detail"]


@pytest.mark.parametrize("role,allowed", [
    ("superadmin", True), ("operations", True), ("moderator", True), ("support", False),
    ("finance", False)])
def test_only_admins_of_the_catalogue_send_pictures_of_categories(shop, role, allowed):
    response = shop.admin(role).call("createUpload", body={
        "purpose": "category_image", "content_type": "image/png", "bytes": 1000})
    assert response.status_code == (201 if allowed else 403)


def test_a_customer_sends_no_picture_of_a_category(shop):
    refused(shop.customer().call("createUpload", body={
        "purpose": "category_image", "content_type": "image/png", "bytes": 1000}), 403)


def test_the_same_key_gives_the_same_upload(shop):
    customer = shop.customer()
    body = {"purpose": "avatar", "content_type": "image/jpeg", "bytes": 1000}
    key = fresh("key")
    first, second = (customer.call("createUpload", body=body, key=key) for _ in range(2))
    assert first.content == second.content


# -- sending ------------------------------------------------------------------------------------

def send(url, content, content_type="application/octet-stream"):
    return requests.put(url, data=content, headers={"Content-Type": content_type}, timeout=60)


def test_the_links_take_the_bytes_of_each_part(shop):
    customer = shop.customer()
    size = PART_BYTES + 5
    upload = ask(customer, "chat_attachment", "video/mp4", size)
    for part in upload["upload"]["parts"]:
        response = requests.put(part["url"], data=bytes(part["bytes"]),
                                headers=upload["upload"]["headers"], timeout=60)
        assert response.status_code == 200, response.text
    assert customer.do("completeUpload", upload_id=upload["id"])["state"] == "processing"


def test_a_link_takes_neither_more_nor_less_nor_another_type(shop):
    customer = shop.customer()
    upload = ask(customer)
    url = upload["upload"]["url"]
    for response in (send(url, bytes(999)), send(url, bytes(1001)),
                     send(url, bytes(1000), "image/jpeg")):
        assert 400 <= response.status_code < 500, response.text
    refused(customer.call("completeUpload", upload_id=upload["id"]), 409)


def test_a_link_is_for_one_upload_only(shop):
    mine, theirs = ask(shop.customer()), ask(shop.customer())
    forged = mine["upload"]["url"].replace(mine["id"], theirs["id"])
    assert forged != mine["upload"]["url"]
    assert send(forged, bytes(1000)).status_code == 403
    assert not files_of(shop.server, f"incoming/{theirs['id']}")


# -- completing ---------------------------------------------------------------------------------

def test_completing_without_the_bytes_names_the_missing_parts(shop):
    customer = shop.customer()
    upload = ask(customer, "chat_attachment", "video/mp4", 2 * PART_BYTES + 5)
    put(shop.server, upload, 1)
    put_part(shop.server, upload, 3, b"1234")  # one byte less than it has
    problem = refused(customer.call("completeUpload", upload_id=upload["id"]), 409)
    assert (problem["code"], problem["missing_parts"]) == ("parts_missing", [2, 3])


def test_an_interrupted_upload_resumes_with_fresh_links_for_what_is_missing(shop):
    customer = shop.customer()
    upload = ask(customer, "chat_attachment", "video/mp4", 2 * PART_BYTES + 5)
    put(shop.server, upload, 1, 3)
    parts = customer.do("getUpload", upload_id=upload["id"])["upload"]["parts"]
    assert [part["received"] for part in parts] == [True, False, True]
    put(shop.server, upload, 2)
    assert customer.do("completeUpload", upload_id=upload["id"])["state"] == "processing"


def test_completing_many_times_at_once_has_one_effect(shop):
    customer = shop.customer()
    upload = ask(customer)
    put(shop.server, upload)
    answers = together(8, lambda: customer.call("completeUpload", upload_id=upload["id"]))
    assert {answer.status_code for answer in answers} == {202}
    assert customer.do("completeUpload", upload_id=upload["id"])["upload"] is None


def test_a_ready_image_has_its_facts_and_variants(shop):
    customer = shop.customer()
    upload = ask(customer)
    group = make_ready(shop.server, upload, fresh("picture").encode())
    image = customer.do("getUpload", upload_id=upload["id"])["image"]
    assert image["id"] == upload["id"]
    assert image["url"] == f"{shop.server.url}/media/public/{group}/900.jpg"
    assert (image["width"], image["height"], image["color"]) == (900, 600, "#123456")
    assert image["thumbhash"] == "AQID"
    assert [(v["width"], v["format"]) for v in image["variants"]] == [
        (width, form) for width in (160, 320, 640, 900) for form in ("jpg", "webp")]


# -- the same bytes again -----------------------------------------------------------------------

def test_bytes_that_the_account_has_sent_before_need_not_be_sent_again(shop):
    content = fresh("picture").encode()
    sha256 = hashlib.sha256(content).hexdigest()
    customer = shop.customer()
    upload = ask(customer)
    make_ready(shop.server, upload, content)
    again = ask(customer, sha256=sha256)
    assert (again["id"], again["state"], again["upload"]) == (upload["id"], "ready", None)
    assert ask(customer, "review_photo", sha256=sha256)["id"] != upload["id"]
    assert ask(shop.customer(), sha256=sha256)["state"] == "waiting"
