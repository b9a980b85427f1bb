"""Pictures by URL that are named again: what has changed, what has failed, and what stays."""
import pytest

from conftest import serving
from harness import sent
from harness.fetched import failed, images, row_of, settled, sheet, tea, yesterday
from harness.images import shown
from harness.pictures import FETCHING
from harness.sheet import differences, exported, imported
from harness.shop import Shop, fresh
from harness.wait import until

PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def shop():
    with serving(**FETCHING) as server:
        yield Shop(server)


def test_a_picture_that_has_not_changed_is_not_sent_again(shop, clay, site):
    data = sent.png("same")
    url = site.has("/same.png", (200, {"ETag": '"one"'}, data), 304)
    file = tea(url)
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
    file = tea(url)
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
    file = tea(url)
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
    file = tea(url)
    imported(clay, file)
    before = settled(shop, url)
    yesterday(shop, url)
    imported(clay, file)
    until(lambda: site.times("/lost.png") == 2)
    after = settled(shop, url)
    assert (after["state"], after["id"], after["uses"]) == ("ready", before["id"], 1)


def test_what_failed_is_tried_again_when_it_is_named_again(shop, clay, site):
    edited, filed = (site.has(f"/{name}.png", 404, sent.png(name)) for name in ("edited", "filed"))
    file = tea(filed)
    imported(clay, file)
    mug = clay.product(images=[{"url": edited}])
    assert [failed(shop, url)[1] for url in (edited, filed)] == ["not_found"] * 2
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": [{"url": edited}]})
    imported(clay, file)
    for url in (edited, filed):
        until(lambda url=url: row_of(shop, url)["state"] == "ready")
        shown(shop, row_of(shop, url)["id"])
    assert images(clay, mug.id)[0]["id"] == str(row_of(shop, edited)["id"])


def test_pictures_from_before_they_were_fetched_are_fetched_by_the_next_file(shop, clay, site):
    url, red = site.has("/before.png"), site.has("/red-before.png")
    handle = fresh("pot")
    file = sheet((handle, "Pot", "", "", handle, "3.00", url, 1, "A pot", red))
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


def test_a_picture_that_staff_names_by_its_upload_is_still_that_of_the_file(shop, clay, site):
    url = site.has("/kept.png")
    file = tea(url)
    imported(clay, file)
    picture = {"upload_id": str(settled(shop, url)["id"]), "alt": "A cup"}
    (item,) = clay.do("listVendorProducts")["items"]
    clay.do("updateVendorProduct", product_id=item["id"], body={"images": [picture]})
    assert not differences(imported(clay, file))
    assert [i["id"] for i in images(clay, item["id"])] == [picture["upload_id"]]
    assert url in exported(clay).decode()
