"""Pictures that files and edits name by a URL come into our own store."""
import os
import signal

import pytest

from conftest import serving
from harness import sent
from harness.feed import members
from harness.fetched import failed, images, row_of, settled, sheet
from harness.images import known_by_address
from harness.media import files_of, keep
from harness.pictures import FETCHING
from harness.sheet import differences, exported, imported
from harness.shop import Shop, fresh, money, refused
from harness.wait import until

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def shop():
    with serving(**FETCHING) as server:
        yield Shop(server)


def test_a_picture_of_a_url_is_fetched_and_shown_from_the_store(shop, clay, site):
    front, back = site.has("/front.png"), site.has("/back.png")
    mug = clay.product(images=[{"url": front, "alt": "The front"}, {"url": back}],
                       variants=[{"price": money(1), "image": {"url": front, "alt": "Mug"}}])
    version = clay.do("getVendorProduct", product_id=mug.id)["version"]
    ids = [str(settled(shop, url)["id"]) for url in (front, back)]
    for product in (clay.do("getVendorProduct", product_id=mug.id),
                    shop.sees("getProduct", product_id=mug.id)):
        assert [(i["id"], i["alt"]) for i in product["images"]] == [(ids[0], "The front"),
                                                                    (ids[1], "")]
        assert [v["image"]["id"] for v in product["variants"]] == [ids[0]]
        assert product["images"][0]["url"].startswith("/media/public/")
        assert product["images"][0]["variants"] and product["images"][0]["thumbhash"]
    assert clay.do("getVendorProduct", product_id=mug.id)["version"] == version
    assert (row_of(shop, front)["uses"], site.times("/front.png")) == (2, 1)
    assert files_of(shop.server, f"incoming/{ids[0]}") == []
    assert front in exported(clay).decode(), "the original address is kept"
    assert not differences(imported(clay, exported(clay)))


def test_a_file_brings_its_pictures_in_order_with_their_texts(shop, clay, site):
    one, two, red = (site.has(f"/files/{name}.png?v=17") for name in ("one", "two", "red"))
    tea = fresh("teapot")
    data = sheet((tea, "Teapot", "Color", "Red", f"{tea}-r", "35.00", two, 2, "Side", red),
                 (tea, "", "", "Blue", f"{tea}-b", "35.00", one, 1, "Front", ""))
    imported(clay, data)
    for url in (one, two, red):
        assert settled(shop, url)["state"] == "ready"
    (item,) = clay.do("listVendorProducts")["items"]
    product = clay.do("getVendorProduct", product_id=item["id"])
    assert [(i["id"], i["alt"]) for i in product["images"]] == [
        (str(row_of(shop, one)["id"]), "Front"), (str(row_of(shop, two)["id"]), "Side")]
    assert [v["image"] and v["image"]["id"] for v in product["variants"]] == [
        str(row_of(shop, red)["id"]), None]
    assert not differences(imported(clay, data))
    assert clay.do("getVendorProduct", product_id=item["id"]) == product
    assert shop.db.one("select count(*) from upload where vendor_id = %s", clay.id) == 3


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    piece = bytes(1 << 20)
    for _ in range(64):
        handler.wfile.write(piece)


def test_what_cannot_be_fetched_says_why_and_shows_its_address(shop, clay, site):
    site.has("/turn", (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""))
    site.has("/round", (302, {"Location": "/round"}, b""))
    wanted = {
        site.url("/gone.png"): ("not_found", 404),
        site.has("/mine.png", 403): ("refused", 403),
        site.has("/page.png", (200, PNG, b"<html>Sign in</html>")): ("not_this_type", None),
        site.has("/empty.png", (200, PNG, b"")): ("missing_bytes", None),
        site.has("/endless.png", endless): ("too_large", None),
        site.url("/turn"): ("refused", None),
        site.url("/round"): ("refused", None),
    }
    mug = clay.product(images=[{"url": url, "alt": "It"} for url in wanted])
    for url, (failure, status) in wanted.items():
        assert failed(shop, url) == ("failed", failure, status), url
    assert images(clay, mug.id) == [known_by_address(url, "It") for url in wanted]
    assert shop.db.one("select coalesce(sum(uploads), 0) from upload_usage where owner_id = %s",
                       clay.id) == 0


def test_a_picture_that_is_there_is_shown_at_once(shop, clay, site):
    url = site.has("/there.png")
    clay.product(images=[{"url": url}])
    picture = str(settled(shop, url)["id"])
    mug = clay.product(images=[{"url": url, "alt": "Again"}])
    assert [(i["id"], i["alt"]) for i in images(clay, mug.id)] == [(picture, "Again")]
    assert site.times("/there.png") == 1


def test_kills_while_a_picture_comes_cost_nothing(own_server, site):
    server = own_server(**FETCHING)
    shop = Shop(server)
    clay = shop.vendor()
    url = site.holds("/held.png")
    mug = clay.product(images=[{"url": url}])
    until(lambda: site.times("/held.png") == 1)
    for pid in members(server, "media"):
        os.kill(pid, signal.SIGKILL)
    site.go()
    row = settled(shop, url)
    assert row["state"] == "ready"
    assert [i["id"] for i in images(clay, mug.id)] == [str(row["id"])]
    assert shop.db.one("select count(*) from upload") == 1
    sent.at_rest(server, row["id"])
    assert files_of(server, "incoming") == []


def test_what_nothing_shows_any_more_is_not_fetched(shop, clay, site):
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, 'infinity')", host)
    dropped, kept = site.has("/dropped.png"), site.has("/kept.png")
    mug = clay.product(images=[{"url": dropped}])
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": [{"url": kept}]})
    shop.db.rows("update fetch_host set next_at = now() where host = %s", host)
    assert settled(shop, kept)["state"] == "ready"
    assert (row_of(shop, dropped)["uses"], site.times("/dropped.png")) == (0, 0)
    shop.db.rows("update upload set released_at = now() - interval '25 hours'"
                 " where source_url = %s", dropped)
    until(lambda: not shop.db.rows("select 1 from upload where source_url = %s", dropped))


def test_a_picture_that_has_not_come_cannot_be_used_by_its_id(shop, clay, site):
    gone, slow = site.url("/gone-too.png"), site.holds("/held.png")
    mug = clay.product(images=[{"url": gone}, {"url": slow}])
    assert failed(shop, gone)[1] == "not_found"
    for url in (gone, slow):
        upload = {"upload_id": str(row_of(shop, url)["id"])}
        problem = refused(clay.call("updateVendorProduct", product_id=mug.id,
                                    body={"images": [upload]}), 400, "invalid_input")
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [
            ("/images/0/upload_id", "not_ready")]


def test_parts_of_an_attempt_that_was_cut_off_are_deleted_when_the_picture_fails(shop, clay, site):
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, 'infinity')", host)
    url = site.url("/gone-meanwhile.png")
    clay.product(images=[{"url": url}])
    upload = row_of(shop, url)["id"]
    keep(shop.server, f"incoming/{upload}/1", sent.png("cut off"))
    shop.db.rows("update upload set part_count = 1 where id = %s", upload)
    shop.db.rows("update fetch_host set next_at = now() where host = %s", host)
    assert failed(shop, url) == ("failed", "not_found", 404)
    assert files_of(shop.server, f"incoming/{upload}") == []


def test_pictures_count_for_the_quota_of_the_vendor(shop, clay, site):
    url = site.has("/much.png")
    shop.db.rows("insert into upload_usage values (%s, 200000, 0)", clay.id)
    clay.product(images=[{"url": url}])
    assert failed(shop, url) == ("failed", "quota_exceeded", None)
    assert files_of(shop.server, f"incoming/{row_of(shop, url)['id']}") == []
    shop.db.rows("delete from upload_usage where owner_id = %s", clay.id)


def test_a_vendor_sees_how_far_it_is_and_what_failed(shop, clay, site):
    good, gone, slow = site.has("/good.png"), site.url("/lost.png"), site.holds("/late.png")
    mug = clay.product(images=[{"url": good}, {"url": gone}])
    pan = clay.product(variants=[{"price": money(1), "image": {"url": gone}}],
                       images=[{"url": slow}])
    for url in (good, gone):
        settled(shop, url)
    assert clay.do("countFetchedImages") == {"waiting": 1, "ready": 1, "failed": 1}
    (item,) = clay.do("listFailedImages")["items"]
    assert (item["url"], item["failure"], item["http_status"]) == (gone, "not_found", 404)
    assert {p["id"] for p in item["products"]} == {mug.id, pan.id}
    assert shop.vendor().do("listFailedImages")["items"] == []
