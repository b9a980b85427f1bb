"""A file from the phone to what everybody sees, with the files in a folder and in a bucket."""
import contextlib
import io
import os
import random
import signal
import time

import pytest
import requests
from PIL import Image

from conftest import serving
from harness import sent
from harness.feed import Device, members
from harness.media import files_of
from harness.s3 import bucket
from harness.shop import Shop, money
from harness.talk import Talk
from harness.wait import until


PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n0\n%%EOF\n"
MP3 = (b"\xff\xfb\x90\x00" + b"\0" * 413) * 5  # frames of 128 kbit/s, 44.1 kHz


@pytest.fixture(scope="module", params=["folder", "bucket"])
def shop(request):
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(bucket()) if request.param == "bucket" else {}
        yield Shop(stack.enter_context(serving(SEBEZ_MEDIA_PROCESSES=1, **settings)))


def fetched(url):
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def of_store(shop, url):
    """The store of the folder has addresses of this server, as paths."""
    return shop.server.url + url if url.startswith("/") else url


def test_a_picture_is_sent_and_becomes_sharp_small_and_the_right_way_up(shop):
    clay = shop.vendor()
    photo = io.BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6  # to be shown turned by 90 degrees
    turned[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    picture = Image.new("RGB", (1200, 800), "green")
    picture.paste("red", (0, 0, 600, 400))
    picture.save(photo, "JPEG", exif=turned)
    device = Device(clay.owner)
    upload = sent.send(clay.owner, photo.getvalue(), purpose="product_image",
                       content_type="image/jpeg", vendor_id=clay.id)
    assert sent.done(clay.owner, upload)["state"] == "ready"
    (event,) = [e for e in device.until(1) if e["kind"] == "upload_ready"]
    assert event["payload"] == {"upload_id": upload, "purpose": "product_image"}
    sent.at_rest(shop.server, upload)

    mug = clay.product(images=[{"upload_id": upload, "alt": "Mug"}],
                       variants=[{"price": money(1000)}])
    (image,) = shop.sees("getProduct", product_id=mug.id)["images"]
    assert (image["id"], image["alt"]) == (upload, "Mug")
    assert (image["width"], image["height"]) == (800, 1200)
    assert {(v["width"], v["format"]) for v in image["variants"]} == {
        (width, form) for width in (160, 320, 640, 800) for form in ("jpg", "webp", "avif")}
    if shop.server.environment.get("S3_BUCKET"):
        return  # the bucket of this test is private: a CDN would read it
    for variant in image["variants"]:
        answer = fetched(of_store(shop, variant["url"]))
        assert "immutable" in answer.headers["Cache-Control"]
        if variant["format"] != "avif":
            shown = Image.open(io.BytesIO(answer.content)).convert("RGB")
            assert shown.size == (variant["width"], round(variant["width"] * 1.5))
            red, green, _ = shown.getpixel((shown.width - 8, 8))
            assert red > 200 > green, "the red corner is at the upper right"
            assert not Image.open(io.BytesIO(answer.content)).getexif()


def test_a_private_file_is_read_by_a_link_and_by_no_other_address(shop):
    customer = shop.customer()
    upload = sent.send(customer, PDF, purpose="chat_attachment", content_type="application/pdf")
    file = sent.done(customer, upload)["file"]
    assert (file["bytes"], file["content_type"]) == (len(PDF), "application/pdf")
    answer = fetched(file["url"])
    assert answer.content == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert requests.get(file["url"].split("?")[0], timeout=60).status_code in (403, 404)


def test_what_a_customer_sends_to_a_vendor_is_read_by_both(shop):
    talk = Talk(shop)
    files = {"image/png": sent.png("crack", 300, 200), "audio/mpeg": MP3, "application/pdf": PDF}
    uploads = [sent.send(talk.customer, data, purpose="chat_attachment", content_type=kind)
               for kind, data in files.items()]
    for upload in uploads:
        assert sent.done(talk.customer, upload)["state"] == "ready"
    message = talk.ask("", attachments=[{"upload_id": upload} for upload in uploads]).json()
    for seen in (message, talk.of_customer("getMessage", message_id=message["id"]),
                 talk.of_vendor("getVendorMessage", message_id=message["id"])):
        picture, voice, paper = seen["attachments"]
        assert [a["kind"] for a in seen["attachments"]] == ["image", "voice", "file"]
        assert Image.open(io.BytesIO(fetched(picture["image"]["url"]).content)).size == (300, 200)
        assert fetched(voice["file"]["url"]).content == MP3
        assert fetched(paper["file"]["url"]).content == PDF
        bare = paper["file"]["url"].split("?")[0]
        assert requests.get(bare, timeout=60).status_code in (403, 404)
    sent.at_rest(shop.server, *uploads)
    until(lambda: not shop.db.rows("select id from upload_showing"))
    (seen,) = talk.of_vendor("listVendorMessages")["items"]
    assert {v["format"] for v in seen["attachments"][0]["image"]["variants"]} == {
        "jpg", "webp", "avif"}


def test_what_a_person_waits_for_is_done_before_imports(shop):
    customer = shop.customer()
    uploads = [sent.begin(customer, sent.png(("import", i), 400, 300)) for i in range(30)]
    shop.db.rows("update upload set priority = 2 where account_id = %s", customer.id)
    for upload in uploads:
        customer.do("completeUpload", upload_id=upload["id"])
    mine = sent.send(customer, sent.png("somebody waits", 400, 300))
    assert sent.done(customer, mine)["state"] == "ready"
    waiting = [u["id"] for u in uploads if customer.do(
        "getUpload", upload_id=u["id"])["state"] == "processing"]
    assert waiting, "the imports were done first"
    for upload in uploads:
        assert sent.done(customer, upload["id"])["state"] == "ready"


def test_kills_at_any_moment_cost_no_upload_and_repeat_no_event(own_server):
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    print("seed", seed)
    server = own_server(SEBEZ_MEDIA_PROCESSES=1)
    shop = Shop(server)
    customer = shop.customer()
    device = Device(customer)
    uploads = [sent.send(customer, sent.png((seed, i), 300, 200)) for i in range(6)]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.db.one(
            "select count(*) from upload where work is not null"):
        time.sleep(dice.uniform(0.05, 1.5))
        for pid in members(server, "media"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert [sent.done(customer, upload)["state"] for upload in uploads] == ["ready"] * 6
    sent.at_rest(server, *uploads)
    events = device.until(6)
    assert sorted(e["payload"]["upload_id"] for e in events) == sorted(uploads)
    assert {e["kind"] for e in events} == {"upload_ready"}
    assert files_of(server, "incoming") == []
    groups = {str(r["object_group"]) for r in server.db.rows("select object_group from upload")}
    assert {key.split("/")[1] for key in files_of(server, "public")} == groups
