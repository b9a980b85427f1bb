"""Pictures of what is sold, wherever it is shown."""
import pytest

from harness.feed import Device
from harness.images import known_by_address
from harness.shop import money
from harness.talk import Talk

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
