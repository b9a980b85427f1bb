"""Pictures of what is sold, wherever it is shown."""
import uuid

import pytest

from harness.feed import Device
from harness.images import has_avif, known_by_address, known_by_upload, shown, uses
from harness.images import uploaded as uploaded_by
from harness.sheet import differences, exported, imported
from harness.shop import fresh, money, refused
from harness.talk import Talk
from harness.uploads import ask
from harness.wait import locked, until

FRONT, BACK, BLUE = (f"https://images.example.com/{name}.jpg" for name in ("front", "back", "blue"))


@pytest.fixture(scope="module")
def clay(shop):
    return shop.vendor()


@pytest.fixture
def mug(clay):
    """A product with two pictures, and one of its own for the first variant."""
    return clay.product(
        images=[{"url": FRONT, "alt": "The front"}, {"url": BACK}],
        options=[{"name": "Color", "values": ["Blue", "Sand"]}],
        variants=[{"options": {"Color": "Blue"}, "price": money(1000), "available": 9,
                   "image": {"url": BLUE, "alt": "In blue"}},
                  {"options": {"Color": "Sand"}, "price": money(1000), "available": 9}])


def seen(shop, mug):
    return shop.sees("getProduct", product_id=mug.id)


def test_a_product_shows_its_pictures_in_order_and_its_variants_theirs(shop, clay, mug):
    pictures = [known_by_address(FRONT, "The front"), known_by_address(BACK)]
    shown, staffs = seen(shop, mug), clay.do("getVendorProduct", product_id=mug.id)
    assert shown["images"] == staffs["images"] == pictures
    for product in (shown, staffs):
        assert [v["image"] for v in product["variants"]] == [known_by_address(BLUE, "In blue"),
                                                              None]
    (item,) = shop.sees("listProducts", vendor=clay.id, limit=1)["items"]
    assert item["images"] == pictures


def test_a_variant_loses_its_picture(shop, clay, mug):
    blue = seen(shop, mug)["variants"][0]["id"]
    made = clay.do("updateVariant", variant_id=blue, body={"image": {"url": BACK}})
    assert made["image"] == known_by_address(BACK)
    assert clay.do("updateVariant", variant_id=blue, body={"image": None})["image"] is None
    assert seen(shop, mug)["variants"][0]["image"] is None


def test_an_option_may_have_the_name_of_a_member_of_a_picture(shop, clay):
    odd = clay.product(options=[{"name": "image_facts", "values": ["No \"1\""]}],
                       images=[{"url": FRONT}],
                       variants=[{"options": {"image_facts": "No \"1\""}, "price": money(1),
                                  "image": {"url": BLUE}}])
    for product in (seen(shop, odd), clay.do("getVendorProduct", product_id=odd.id)):
        (variant,) = product["variants"]
        assert variant["options"] == {"image_facts": "No \"1\""}
        assert variant["image"] == known_by_address(BLUE)


def test_a_line_has_the_variants_picture_or_the_products_first_and_keeps_it_as_sold(
        shop, clay, mug):
    customer = shop.customer().cart()
    blue, sand = (v["id"] for v in seen(shop, mug)["variants"])
    for variant in (blue, sand):
        cart = customer.actor.do("putCartLine", variant_id=variant, body={"quantity": 1})
    pictures = {blue: known_by_address(BLUE, "In blue"),
                sand: known_by_address(FRONT, "The front")}

    def of(lines):
        return {line["variant_id"]: line["image"] for line in lines}

    assert of(cart["vendors"][0]["lines"]) == pictures
    assert of(customer.quote()["vendors"][0]["lines"]) == pictures
    order = customer.place().json()
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": []})
    clay.do("updateVariant", variant_id=blue, body={"image": None})
    for answer in (order, customer.actor.see(order)):
        assert of(answer["sub_orders"][0]["lines"]) == pictures
    assert of(clay.see(order)["lines"]) == pictures


def test_a_card_of_a_product_has_its_picture_in_the_conversation_and_in_the_event(shop, clay, mug):
    talk = Talk(shop, clay, product_id=mug.id)
    device = Device(talk.customer)
    picture = known_by_address(FRONT, "The front")
    assert talk.of_customer()["product"]["image"] == picture
    sent = talk.answer("This one", product_id=mug.id).json()
    device.until(1)
    assert sent["card"]["image"] == device.events[0]["payload"]["card"]["image"] == picture


# -- uploads --------------------------------------------------------------------------------------


def uploaded(clay, purpose="product_image"):
    return uploaded_by(clay.shop.server, clay.owner, purpose, vendor_id=clay.id)


def test_an_upload_is_the_picture_of_products_and_variants_as_long_as_they_show_it(shop, clay):
    (front, front_path), (blue, blue_path) = uploaded(clay), uploaded(clay, "variant_image")
    mug = clay.product(
        images=[{"upload_id": front, "alt": "The front"}, {"url": BACK}],
        options=[{"name": "Color", "values": ["Blue"]}],
        variants=[{"options": {"Color": "Blue"}, "price": money(1000), "available": 9,
                   "image": {"upload_id": blue}}])
    shown = seen(shop, mug)
    assert shown["images"] == [known_by_upload(front, front_path, "The front"),
                               known_by_address(BACK)]
    assert shown["variants"][0]["image"] == known_by_upload(blue, blue_path)
    order = shop.customer().order(mug)
    assert order["sub_orders"][0]["lines"][0]["image"] == known_by_upload(blue, blue_path)
    assert (uses(shop, front), uses(shop, blue)) == (1, 1)
    (variant,) = shown["variants"]
    clay.do("updateVariant", variant_id=variant["id"], body={"image": {"upload_id": front}})
    assert (uses(shop, front), uses(shop, blue)) == (2, 0)
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": []})
    clay.do("updateVariant", variant_id=variant["id"], body={"image": None})
    assert (uses(shop, front), uses(shop, blue)) == (0, 0)


def test_a_picture_that_was_sold_is_kept_when_nothing_else_shows_it(shop, clay):
    (sold, path), (unsold, _) = uploaded(clay), uploaded(clay)
    mug = clay.product(images=[{"upload_id": sold}, {"upload_id": unsold}])
    order = shop.customer().order(mug)
    clay.do("updateVendorProduct", product_id=mug.id, body={"images": []})
    until(lambda: shop.db.one("select kept from upload where id = %s", sold))
    assert not shop.db.one("select kept from upload where id = %s", unsold)
    assert order["sub_orders"][0]["lines"][0]["image"] == known_by_upload(sold, path)


def test_more_renditions_are_shown_as_soon_as_they_are_there(shop, clay):
    picture, path = uploaded(clay)
    mug = clay.product(images=[{"url": FRONT}, {"upload_id": picture, "alt": "Mug"}],
                       variants=[{"price": money(1), "image": {"upload_id": picture}}])
    version = clay.do("getVendorProduct", product_id=mug.id)["version"]
    has_avif(shop, picture)
    staffs = clay.do("getVendorProduct", product_id=mug.id)
    formats = ("jpg", "webp", "avif")
    assert staffs["images"] == [known_by_address(FRONT),
                                known_by_upload(picture, path, "Mug", formats)]
    assert staffs["variants"][0]["image"] == known_by_upload(picture, path, "", formats)
    assert staffs["version"] == version, "nobody has edited it"


WITH_AVIF = """select count(*) from variant
    where image_upload_id = %s and image::text like '%%avif%%'"""


def test_a_picture_that_very_many_show_is_shown_by_all_of_them(shop, clay):
    picture, _ = uploaded(clay)
    mug = clay.product(variants=[{"price": money(1), "image": {"upload_id": picture}}])
    shop.db.rows("""insert into variant (vendor_id, id, product_id, title, option1, price, currency,
                                         image)
        select v.vendor_id, gen_random_uuid(), v.product_id, n::text, n::text, v.price, v.currency,
               v.image
        from variant v, generate_series(1, 450) n where v.product_id = %s""", mug.id)
    has_avif(shop, picture)
    assert shop.db.one(WITH_AVIF, picture) == 451


def test_a_row_that_is_locked_keeps_no_picture_from_being_ready(shop, clay):
    (held, _), (free, _) = uploaded(clay), uploaded(clay)
    mug, pan = (clay.product(variants=[{"price": money(1), "image": {"upload_id": picture}}])
                for picture in (held, free))
    with locked(shop.server, "select from variant where id = %s for update", mug.variant):
        shop.db.rows("update upload set formats = '{jpg,webp,avif}' where id = %s", held)
        has_avif(shop, free)
        assert [shop.db.one(WITH_AVIF, picture) for picture in (held, free)] == [0, 1]
    shown(shop, held)
    assert shop.db.one(WITH_AVIF, held) == 1


def test_what_begins_to_show_a_picture_as_it_changes_shows_what_it_became(shop, clay):
    """Whoever gives a product a picture may have read before what it was."""
    picture, _ = uploaded(clay)
    mug = clay.product(images=[{"upload_id": picture}])
    before = shop.db.one("select images::text from product where id = %s", mug.id)
    new = clay.product()
    has_avif(shop, picture)
    for product in (mug, new):
        shop.db.rows("update product set images = %s where id = %s", before, product.id)
    shown(shop, picture)
    for product in (mug, new):
        (image,) = clay.do("getVendorProduct", product_id=product.id)["images"]
        assert {v["format"] for v in image["variants"]} == {"jpg", "webp", "avif"}


def test_an_upload_that_cannot_be_shown_is_refused_by_its_field(shop, clay):
    mug = clay.product()
    waiting = ask(clay.owner, "product_image", vendor_id=clay.id)["id"]
    logo, other = uploaded(clay, "vendor_logo")[0], uploaded(shop.vendor())[0]
    for upload in (waiting, logo, other, str(uuid.uuid4())):
        picture = {"upload_id": upload}
        refused(clay.call("updateVendorProduct", product_id=mug.id, body={
            "images": [{"url": FRONT}, picture]}), 400, field="/images/1/upload_id")
        refused(clay.call("createVendorProduct", body={
            "title": "Mug", "variants": [{"price": money(1), "image": picture}]}), 400,
            field="/variants/0/image/upload_id")
        refused(clay.call("updateVariant", variant_id=seen(shop, mug)["variants"][0]["id"],
                          body={"image": picture}), 400, field="/image/upload_id")


def test_a_picture_has_one_source_and_is_shown_once(shop, clay):
    mug, (picture, _) = clay.product(), uploaded(clay)
    for images, field in (
            ([{}], "/images/0/upload_id"),
            ([{"url": FRONT, "upload_id": picture}], "/images/0/upload_id"),
            ([{"upload_id": picture}] * 2, "/images/1/upload_id")):
        refused(clay.call("updateVendorProduct", product_id=mug.id, body={"images": images}), 400,
                field=field)


@pytest.mark.parametrize("dialect", ["shopify", "woocommerce"])
def test_a_file_says_where_an_upload_is_and_coming_back_changes_nothing(shop, dialect):
    clay = shop.vendor()
    picture, path = uploaded(clay)
    mug = clay.product(images=[{"url": FRONT}, {"upload_id": picture, "alt": "Mug"}],
                       variants=[{"price": money(1), "image": {"upload_id": picture}}])
    before = clay.do("getVendorProduct", product_id=mug.id)
    data = exported(clay, dialect=dialect)
    assert f"{shop.server.url}{path}/900.jpg" in data.decode()
    assert not differences(imported(clay, data))
    assert clay.do("getVendorProduct", product_id=mug.id) == before
