"""Pictures that files and edits name by a URL come into our own store."""
import contextlib
import os
import signal

import pytest

from conftest import serving
from harness import sent
from harness.feed import members
from harness.images import known_by_address, shown
from harness.media import files_of, keep
from harness.pictures import FETCHING, elsewhere
from harness.sheet import differences, exported, imported, table
from harness.shop import Shop, fresh, money, refused
from harness.wait import until

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def shop():
    with serving(**FETCHING) as server:
        yield Shop(server)


@pytest.fixture
def site():
    with elsewhere() as site:
        yield site


@pytest.fixture
def clay(shop):
    return shop.vendor()


def row_of(shop, url):
    """The upload that has the address."""
    (row,) = shop.db.rows("select * from upload where source_url = %s and not superseded", url)
    return row


def settled(shop, url):
    """The row, once it is ready or has failed, and nothing is left to do."""
    def is_settled():
        row = row_of(shop, url)
        return row["state"] in ("ready", "failed") and not row["work"]

    until(is_settled)
    shown(shop, row_of(shop, url)["id"])
    return row_of(shop, url)


def images(vendor, product_id):
    return vendor.do("getVendorProduct", product_id=product_id)["images"]


def failed(shop, url):
    row = settled(shop, url)
    return row["state"], row["failure"], row["http_status"]


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


def sheet(site, *rows):
    """A file as Shopify's, with the pictures of each product in rows of their own."""
    columns = ("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,"
               "Image Position,Image Alt Text,Variant Image").split(",")
    return table(*(dict(zip(columns, row)) for row in rows), columns=columns)


def test_a_file_brings_its_pictures_in_order_with_their_texts(shop, clay, site):
    one, two, red = (site.has(f"/files/{name}.png?v=17") for name in ("one", "two", "red"))
    tea = fresh("teapot")
    data = sheet(site, (tea, "Teapot", "Color", "Red", f"{tea}-r", "35.00", two, 2, "Side", red),
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


def test_a_picture_that_staff_names_by_its_upload_is_still_that_of_the_file(shop, clay, site):
    url = site.has("/kept.png")
    file = tea(site, url)
    imported(clay, file)
    picture = {"upload_id": str(settled(shop, url)["id"]), "alt": "A cup"}
    (item,) = clay.do("listVendorProducts")["items"]
    clay.do("updateVendorProduct", product_id=item["id"], body={"images": [picture]})
    assert not differences(imported(clay, file))
    assert [i["id"] for i in images(clay, item["id"])] == [picture["upload_id"]]
    assert url in exported(clay).decode()


def test_pictures_from_before_they_were_fetched_are_fetched_by_the_next_file(shop, clay, site):
    url, red = site.has("/before.png"), site.has("/red-before.png")
    handle = fresh("pot")
    file = sheet(site, (handle, "Pot", "", "", handle, "3.00", url, 1, "A pot", red))
    imported(clay, file)
    (item,) = clay.do("listVendorProducts")["items"]
    for address in (url, red):
        settled(shop, address)
    shop.db.rows("""update product set images = json_build_array(json_build_object(
        'url', %s, 'alt', 'A pot', 'image_facts', null)) where id = %s""", url, item["id"])
    shop.db.rows("""update variant set image = json_build_object(
        'url', %s, 'alt', '', 'image_facts', null) where product_id = %s""", red, item["id"])
    assert images(clay, item["id"])[0]["id"] is None
    imported(clay, file)
    product = clay.do("getVendorProduct", product_id=item["id"])
    assert [i["id"] for i in product["images"]] == [str(row_of(shop, url)["id"])]
    assert product["variants"][0]["image"]["id"] == str(row_of(shop, red)["id"])
    assert product["images"][0]["alt"] == "A pot"
    assert not differences(imported(clay, file))


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


# -- the server elsewhere -------------------------------------------------------------------------


def test_a_server_that_fails_for_a_while_is_asked_again(shop, clay, site):
    broken = site.has("/broken.png", 500, sent.png("mended"))
    busy = site.has("/busy.png", (429, {"Retry-After": "1"}, b""), sent.png("not busy"))
    clay.product(images=[{"url": broken}, {"url": busy}])
    for url, path in ((broken, "/broken.png"), (busy, "/busy.png")):
        assert settled(shop, url)["state"] == "ready"
        assert site.times(path) == 2


def test_a_server_that_nobody_answers_at_fails_in_the_end(shop, clay, site):
    url = site.has("/never.png", 503)
    clay.product(images=[{"url": url}])
    until(lambda: site.times("/never.png") == 1)
    shop.db.rows("update upload set attempts = 5, claimed_until = now() where source_url = %s", url)
    assert failed(shop, url) == ("failed", "unreachable", 503)


def test_a_slow_server_keeps_nobody_else_waiting(shop, clay, site):
    slow = [site.holds(f"/slow{n}.png") for n in range(5)]
    clay.product(images=[{"url": url} for url in slow])
    until(lambda: len(site.asked) == 2)
    with elsewhere() as other:
        url = other.has("/quick.png")
        clay.product(images=[{"url": url}])
        assert settled(shop, url)["state"] == "ready"
    assert len(site.asked) == 2, "a server is asked for two pictures at a time"
    site.go()
    for url in slow:
        assert settled(shop, url)["state"] == "ready"


def test_a_vendor_with_many_slow_servers_keeps_no_other_waiting(shop, clay):
    with contextlib.ExitStack() as slow:
        sites = [slow.enter_context(elsewhere()) for _ in range(6)]
        urls = [site.holds(f"/slow{n}.png") for site in sites for n in range(2)]
        clay.product(images=[{"url": url} for url in urls])
        until(lambda: sum(len(site.asked) for site in sites) == 4)
        with elsewhere() as other:
            url = other.has("/quick.png")
            shop.vendor().product(images=[{"url": url}])
            assert settled(shop, url)["state"] == "ready"
        assert sum(len(site.asked) for site in sites) == 4, "half of the fetchers"
        for site in sites:
            site.go()
        for url in urls:
            assert settled(shop, url)["state"] == "ready"


def test_very_many_servers_that_have_to_wait_keep_no_other_vendor_waiting(shop, clay, site):
    many, hosts = shop.vendor(), [f"0host{n:04}.example" for n in range(1200)]
    shop.db.rows("insert into fetch_host select h, 'infinity' from unnest(%s) h", hosts)
    shop.db.rows("""insert into upload (id, vendor_id, purpose, visibility, state, work, priority,
            source_url, claimed_until, expires_at, uses, released_at)
        select gen_random_uuid(), %s, 'product_image', 'public', 'processing', 'fetch', 2,
               'http://' || h || '/a.png', now(), now(), 1, null
        from unnest(%s) h""", many.id, hosts)
    url = site.has("/allowed.png")
    clay.product(images=[{"url": url}])
    assert settled(shop, url)["state"] == "ready"
    shop.db.rows("update upload set uses = 0, released_at = now() where vendor_id = %s", many.id)


def test_a_server_has_its_pause_between_two_requests(shop, clay, site):
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, 'infinity')", host)
    url = site.has("/paused.png")
    clay.product(images=[{"url": url}])
    with elsewhere() as other:
        second = other.has("/second.png")
        clay.product(images=[{"url": second}])
        assert settled(shop, second)["state"] == "ready"
    assert site.asked == []
    shop.db.rows("update fetch_host set next_at = now() where host = %s", host)
    assert settled(shop, url)["state"] == "ready"


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


def yesterday(shop, url):
    shop.db.rows("update upload set fetched_at = now() - interval '25 hours' where source_url = %s"
                 " and not superseded", url)


def tea(site, url):
    handle = fresh("tea")
    return sheet(site, (handle, "Tea", "", "", handle, "3.00", url, 1, "A cup", ""))


def test_a_picture_that_has_not_changed_is_not_sent_again(shop, clay, site):
    data = sent.png("same")
    url = site.has("/same.png", (200, {"ETag": '"one"'}, data), 304)
    file = tea(site, url)
    imported(clay, file)
    before = settled(shop, url)
    imported(clay, file)
    assert site.times("/same.png") == 1, "not with each import of a day"
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: site.times("/same.png") == 2)
    assert site.headers("/same.png")[1]["If-None-Match"] == '"one"'
    after = settled(shop, url)
    assert (after["id"], after["object_group"]) == (before["id"], before["object_group"])
    assert after["fetched_at"] > before["fetched_at"]


def test_a_picture_that_has_changed_takes_the_place_of_the_old_one(shop, clay, site):
    url = site.has("/new.png", sent.png("old"), sent.png("new"))
    file = tea(site, url)
    imported(clay, file)
    old = settled(shop, url)
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: row_of(shop, url)["id"] != old["id"])
    new = settled(shop, url)
    (item,) = clay.do("listVendorProducts")["items"]
    (picture,) = images(clay, item["id"])
    assert (picture["id"], picture["alt"]) == (str(new["id"]), "A cup")
    assert new["object_group"] in picture["url"] and new["object_group"] != old["object_group"]
    assert shop.db.one("select uses from upload where id = %s", old["id"]) == 0
    assert new["uses"] == 1 and not differences(imported(clay, file))


def test_a_picture_stays_until_what_takes_its_place_is_good(shop, clay, site):
    moved = (200, PNG, b"<html>Moved</html>")  # is asked for whether it has changed, and fetched
    url = site.has("/worse.png", sent.png("good"), moved, moved, sent.png("better"))
    file = tea(site, url)
    imported(clay, file)
    good = settled(shop, url)
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: shop.db.rows("select id from upload where replaces = %s and state = 'failed'",
                               good["id"]))
    after = row_of(shop, url)
    assert (after["id"], after["state"], after["uses"]) == (good["id"], "ready", 1)
    mug = clay.product(images=[{"url": url}])
    assert [i["id"] for i in images(clay, mug.id)] == [str(good["id"])]
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: row_of(shop, url)["id"] != good["id"])
    better = settled(shop, url)
    assert (better["state"], better["replaces"], better["uses"]) == ("ready", good["id"], 2)
    assert [i["id"] for i in images(clay, mug.id)] == [str(better["id"])]


def test_a_picture_stays_when_its_server_has_lost_it(shop, clay, site):
    url = site.has("/lost.png", sent.png("kept"), 404)
    file = tea(site, url)
    imported(clay, file)
    before = settled(shop, url)
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: site.times("/lost.png") == 2)
    after = settled(shop, url)
    assert (after["state"], after["id"], after["uses"]) == ("ready", before["id"], 1)


def test_what_failed_is_tried_again_when_it_is_named_again(shop, clay, site):
    edited, filed = (site.has(f"/{name}.png", 404, sent.png(name)) for name in ("edited", "filed"))
    file = tea(site, filed)
    imported(clay, file)
    mug = clay.product(images=[{"url": edited}])
    assert [failed(shop, url)[1] for url in (edited, filed)] == ["not_found"] * 2
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": [{"url": edited}]})
    imported(clay, file)
    for url in (edited, filed):
        until(lambda url=url: row_of(shop, url)["state"] == "ready")
        shown(shop, row_of(shop, url)["id"])
    assert images(clay, mug.id)[0]["id"] == str(row_of(shop, edited)["id"])


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


def test_no_host_of_a_file_keeps_others_from_being_fetched(shop, clay, site):
    long_host = ".".join(["一" * 50] * 3) + ".example"
    imported(clay, tea(site, f"http://{long_host}/a.png"))
    host = f"127.0.0.1:{site.port}"
    shop.db.rows("insert into fetch_host values (%s, now(), 5000)", host)
    until(lambda: row_of(shop, f"http://{long_host}/a.png")["attempts"] > 0
          or row_of(shop, f"http://{long_host}/a.png")["state"] == "failed")
    url = site.has("/after.png")
    clay.product(images=[{"url": url}])
    assert settled(shop, url)["state"] == "ready"


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


# -- what the vendor sees -------------------------------------------------------------------------


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
