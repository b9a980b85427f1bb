"""Other options for a product that is there, and another order of its variants."""
import pytest

from harness.shop import fresh, money, refused


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


class Shirt:
    """Colour and size: two of each, but no large red one."""

    def __init__(self, shop):
        self.vendor = shop.vendor()
        self.shop = shop
        self.product = self.vendor.product(
            options=[{"name": "Color", "values": ["Red", "Blue"]},
                     {"name": "Size", "values": ["S", "L"]}],
            variants=[{"price": money(100), "options": {"Color": c, "Size": s}}
                      for c, s in (("Red", "S"), ("Blue", "S"), ("Blue", "L"))])

    def call(self, **body):
        return self.vendor.call("updateVendorProduct", product_id=self.product.id, body=body)

    def change(self, **body):
        response = self.call(**body)
        assert response.status_code == 200, response.text
        return response.json()

    def see(self):
        return self.vendor.do("getVendorProduct", product_id=self.product.id)


@pytest.fixture
def shirt(shop):
    return Shirt(shop)


def test_an_option_is_renamed_and_its_values_are_put_in_order(shirt):
    made = shirt.change(options=[{"name": "Colour", "was": "Color", "values": ["Blue", "Red"]},
                                 {"name": "Size"}])
    assert made["options"] == [{"name": "Colour", "values": ["Blue", "Red"]},
                               {"name": "Size", "values": ["S", "L"]}]
    assert [v["options"] for v in made["variants"]] == [
        {"Colour": "Red", "Size": "S"}, {"Colour": "Blue", "Size": "S"},
        {"Colour": "Blue", "Size": "L"}]
    assert [v["title"] for v in made["variants"]] == ["Red / S", "Blue / S", "Blue / L"]
    found = shirt.shop.sees("listProducts", vendor=shirt.vendor.id, option="colour:red")
    assert [p["id"] for p in found["items"]] == [shirt.product.id]


def test_a_value_that_is_not_named_comes_after_and_one_that_nobody_has_goes(shirt):
    made = shirt.change(options=[{"name": "Color", "values": ["Green", "Blue"]}, {"name": "Size"}])
    assert made["options"][0]["values"] == ["Blue", "Red"]


def test_a_new_option_is_what_all_present_variants_are(shirt):
    made = shirt.change(options=[{"name": "Color"}, {"name": "Size"},
                                 {"name": "Fit", "values": ["Loose", "Slim"]}])
    assert made["options"][2] == {"name": "Fit", "values": ["Loose"]}
    assert {v["options"]["Fit"] for v in made["variants"]} == {"Loose"}
    assert made["variants"][2]["title"] == "Blue / L / Loose"
    slim = shirt.vendor.do("createVariant", product_id=shirt.product.id, body={
        "price": money(100), "options": {"Color": "Red", "Size": "S", "Fit": "Slim"}})
    assert slim["title"] == "Red / S / Slim"


def test_options_change_places(shirt):
    made = shirt.change(options=[{"name": "Size"}, {"name": "Color"}])
    assert [v["title"] for v in made["variants"]] == ["S / Red", "S / Blue", "L / Blue"]
    assert made["variants"][0]["options"] == {"Size": "S", "Color": "Red"}


def test_what_one_variant_becomes_another_may_have_been(shop):
    vendor = shop.vendor()
    pair = vendor.product(
        options=[{"name": n, "values": ["A", "B"]} for n in ("Left", "Right")],
        variants=[{"price": money(100), "options": {"Left": a, "Right": b}}
                  for a, b in ("AB", "BA", "AA")])
    made = vendor.do("updateVendorProduct", product_id=pair.id, body={
        "options": [{"name": "Left", "was": "Right"}, {"name": "Right", "was": "Left"}]})
    assert [v["title"] for v in made["variants"]] == ["B / A", "A / B", "A / A"]


def test_an_option_goes_only_when_variants_stay_apart(shirt):
    problem = refused(shirt.call(options=[{"name": "Color"}]), 400, field="/options")
    assert problem["errors"][0]["code"] == "unique"
    refused(shirt.call(options=[]), 400, field="/options")
    small = next(v for v in shirt.product.variants if v["title"] == "Blue / S")
    shirt.vendor.call("deleteVariant", variant_id=small["id"])
    made = shirt.change(options=[{"name": "Color"}])
    assert [v["title"] for v in made["variants"]] == ["Red", "Blue"]


def test_a_product_gets_its_first_option_and_loses_its_last(shop):
    vendor = shop.vendor()
    mug = vendor.product()
    give = lambda options: vendor.do("updateVendorProduct", product_id=mug.id,  # noqa: E731
                                     body={"options": options})
    (only,) = give([{"name": "Color", "values": ["Blue"]}])["variants"]
    assert (only["title"], only["options"]) == ("Blue", {"Color": "Blue"})
    (only,) = give([])["variants"]
    assert (only["title"], only["options"]) == ("Default Title", {})
    refused(vendor.call("updateVendorProduct", product_id=mug.id, body={
        "options": [{"name": "Title", "values": ["Default Title"]}]}), 400, field="/options")


@pytest.mark.parametrize("options, field", [
    ([{"name": "Fit"}], "/options/0/values"),
    ([{"name": "Fit", "values": []}], "/options/0/values"),
    ([{"name": "Fit", "was": "Cut"}], "/options/0/was"),
    ([{"name": "A", "was": "Color"}, {"name": "B", "was": "Color"}], "/options/1/was"),
    ([{"name": "A", "was": "Color"}, {"name": "a", "was": "Size"}], "/options/1/name"),
    ([{"name": "Color\u0007", "was": "Color"}, {"name": "Size"}], "/options/0/name"),
    ([{"name": "Color", "values": ["Red\u0007"]}, {"name": "Size"}], "/options/0/values/0"),
    ([{"name": n, "values": ["x"]} for n in "ABCD"], "/options"),
])
def test_what_is_wrong_with_options_is_named(shirt, options, field):
    refused(shirt.call(options=options), 400, field=field)
    assert shirt.see()["options"][0] == {"name": "Color", "values": ["Red", "Blue"]}


def test_variants_are_put_in_order(shirt):
    ids = [v["id"] for v in shirt.product.variants]
    made = shirt.change(variant_ids=[ids[2], ids[0]])
    assert [v["id"] for v in made["variants"]] == [ids[2], ids[0], ids[1]]
    shown = shirt.shop.sees("getProduct", product_id=shirt.product.id)["variants"]
    assert [v["id"] for v in shown] == [ids[2], ids[0], ids[1]]
    refused(shirt.call(variant_ids=[ids[0], shirt.product.id]), 400, field="/variant_ids/1")
    refused(shirt.call(variant_ids=[ids[0], ids[0]]), 400, field="/variant_ids/1")


def test_options_are_changed_as_they_were_read(shirt):
    tag = shirt.vendor.call("getVendorProduct", product_id=shirt.product.id).headers["ETag"]
    shirt.change(title=fresh("Shirt"))
    refused(shirt.vendor.call("updateVendorProduct", product_id=shirt.product.id, headers={
        "If-Match": tag}, body={"options": []}), 412, "version_mismatch")
