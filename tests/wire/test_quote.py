"""What a customer agrees to by placing a quote, and choosing the delivery."""
import uuid

import pytest

from harness.shop import ADDRESS, refused, together


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def price(vendor, product, amount):
    vendor.do("updateVariant", variant_id=product.variant,
              body={"price": {"amount": amount, "currency": "USD"}})


def test_an_order_takes_the_quote_that_was_shown_and_no_other_of_the_same_total(shop):
    clay = shop.vendor()
    mug, bowl = clay.product(price=1000), clay.product(price=2000)
    cart = shop.customer().cart(mug, bowl)
    shown = cart.quote()
    for product in (mug, bowl):
        price(clay, product, 1500)
    problem = refused(cart.place(quote_hash=shown["hash"]), 409, "quote_changed")
    assert problem["quote"]["total"] == shown["total"] and problem["quote"]["hash"] != shown["hash"]
    assert cart.place(quote_hash=problem["quote"]["hash"]).status_code == 201


def test_other_goods_for_the_same_money_are_another_quote(shop):
    clay = shop.vendor()
    mug, bowl = clay.product(), clay.product()
    customer = shop.customer()
    cart = customer.cart(mug)
    shown = cart.quote()
    customer.call("deleteCartLine", variant_id=mug.variant)
    cart.put(bowl)
    refused(cart.place(quote_hash=shown["hash"]), 409, "quote_changed")
    assert cart.place().status_code == 201  # who sends no hash agrees to a total


def test_another_delivery_for_the_same_money_is_another_quote(shop):
    clay = shop.vendor(shipping=(("Parcel", 500), ("Bicycle", 500)))
    cart = shop.customer().cart(clay.product())
    shown = cart.quote()
    (part,) = shown["vendors"]
    other = part["shipping_methods"][1]["id"]
    choice = [{"vendor_id": clay.id, "method_id": other}]
    assert cart.quote(shipping=choice)["total"] == shown["total"]
    refused(cart.place(quote_hash=shown["hash"], shipping=choice), 409, "quote_changed")
    assert cart.place(quote_hash=cart.quote(shipping=choice)["hash"],
                      shipping=choice).status_code == 201


@pytest.mark.parametrize("wrong, field", [
    (lambda one, other, nobody: [one, one], "/shipping/1/vendor_id"),
    (lambda one, other, nobody: [one, other], "/shipping/1/vendor_id"),
    (lambda one, other, nobody: [nobody], "/shipping/0/vendor_id"),
    (lambda one, other, nobody: [{**one, "method_id": other["method_id"]}],
     "/shipping/0/method_id"),
], ids=["a vendor named twice", "a vendor with nothing in the cart", "a vendor who is nobody",
        "another vendor's method"])
def test_a_choice_of_delivery_that_is_none_is_named(shop, wrong, field):
    clay, iron = shop.vendor(), shop.vendor()
    customer = shop.customer()
    cart = customer.cart(clay.product())
    choices = [{"vendor_id": vendor.id, "method_id": vendor.shipping_method()["id"]}
               for vendor in (clay, iron)]
    nobody = {"vendor_id": str(uuid.uuid4()), "method_id": str(uuid.uuid4())}
    body = {"shipping": wrong(*choices, nobody)}
    quoted = customer.call("quoteCart", body={"shipping_address": ADDRESS, **body})
    refused(quoted, 400, field=field)
    if body["shipping"][1:] == body["shipping"][:1]:
        refused(cart.place(**body), 400, field=field)
    else:  # it may have been offered a moment ago
        refused(cart.place(**body), 409, "quote_changed")


def withdrawn(clay, method):
    clay.do("deleteShippingMethod", method_id=method["id"])


def switched_off(clay, method):
    clay.do("updateShippingMethod", method_id=method["id"], body={"active": False})


@pytest.mark.parametrize("end", [withdrawn, switched_off])
def test_a_delivery_that_ended_since_the_quote_is_answered_with_todays(shop, end):
    clay = shop.vendor(shipping=(("Parcel", 500), ("Bicycle", 900)))
    cart = shop.customer().cart(clay.product())
    bicycle = cart.quote()["vendors"][0]["shipping_methods"][1]
    choice = [{"vendor_id": clay.id, "method_id": bicycle["id"]}]
    cart.quote(shipping=choice)
    end(clay, bicycle)
    quote = refused(cart.place(shipping=choice), 409, "quote_changed")["quote"]
    (part,) = quote["vendors"]
    assert [m["id"] for m in part["shipping_methods"]] == [part["shipping_method_id"]]
    assert cart.place(total=quote["total"], quote_hash=quote["hash"]).status_code == 201


def test_a_vendors_last_line_that_another_device_took_out_is_answered_with_todays_quote(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, pan = clay.product(), iron.product()
    customer = shop.customer()
    cart = customer.cart(mug, pan)
    choices = [{"vendor_id": part["vendor"]["id"], "method_id": part["shipping_method_id"]}
               for part in cart.quote()["vendors"]]
    cart.quote(shipping=choices)
    customer.do("deleteCartLine", variant_id=pan.variant)
    quote = refused(cart.place(shipping=choices), 409, "quote_changed")["quote"]
    assert [v["vendor"]["id"] for v in quote["vendors"]] == [clay.id]
    refused(cart.place(shipping=[*choices, choices[1]]), 400, field="/shipping/2/vendor_id")


# -- vendors who do not deliver -------------------------------------------------------------------

def no_delivery(vendor):
    return {"vendor_id": vendor.id, "variant_id": None, "code": "no_delivery", "available": None}


def test_goods_of_a_vendor_without_a_delivery_are_a_problem_until_it_has_one(shop):
    clay, iron = shop.vendor(shipping=()), shop.vendor()
    clay.shipping_method(active=False)
    cart = shop.customer().cart(clay.product(price=0), iron.product())
    quote = cart.quote()
    assert quote["problems"] == [no_delivery(clay)]
    assert quote["total"] == {"amount": 1500, "currency": "USD"}
    quoted = refused(cart.place(), 409, "no_delivery")["quote"]
    assert quoted["problems"] == quote["problems"]
    clay.shipping_method("Gift", price=0)
    assert cart.quote()["problems"] == []
    part = clay.part(cart.place().json())
    assert part["shipping_method"]["name"] == "Gift" and part["shipping"]["amount"] == 0


@pytest.mark.parametrize("end", [withdrawn, switched_off])
def test_the_last_delivery_that_ended_since_the_quote_leaves_none(shop, end):
    clay = shop.vendor()
    cart = shop.customer().cart(clay.product())
    (method,) = cart.quote()["vendors"][0]["shipping_methods"]
    end(clay, method)
    choice = [{"vendor_id": clay.id, "method_id": method["id"]}]
    refused(cart.place(shipping=choice), 409, "no_delivery")


def test_a_delivery_goes_to_the_countries_that_it_names(shop):
    clay = shop.vendor(shipping=())
    near = clay.shipping_method("Bicycle", price=100, countries=["GB", "IE"])
    far = clay.shipping_method("Ship", price=900, countries=["US"])
    assert shop.sees("getVendor", vendor_id=clay.id)["shipping_methods"][0]["countries"] == [
        "GB", "IE"]
    cart = shop.customer().cart(clay.product())

    def offered(country):
        return cart.actor.do("quoteCart", body={
            "shipping_address": {**ADDRESS, "country": country}} if country else {})

    assert offered("IE")["vendors"][0]["shipping_method_id"] == near["id"]
    assert offered("US")["vendors"][0]["shipping_method_id"] == far["id"]
    assert len(offered(None)["vendors"][0]["shipping_methods"]) == 2
    assert offered("FR")["problems"] == [no_delivery(clay)]
    choice = [{"vendor_id": clay.id, "method_id": far["id"]}]
    refused(cart.actor.call("quoteCart", body={"shipping_address": ADDRESS, "shipping": choice}),
            400, field="/shipping/0/method_id")
    refused(cart.place(shipping_address={**ADDRESS, "country": "FR"}), 409, "no_delivery")
    clay.do("updateShippingMethod", method_id=near["id"], body={"countries": []})
    assert offered("FR")["problems"] == []
    assert cart.place(shipping_address={**ADDRESS, "country": "FR"}).status_code == 201
    refused(clay.call("updateShippingMethod", method_id=near["id"], body={"countries": ["UK"]}),
            400, field="/countries/0")


# -- bounds ---------------------------------------------------------------------------------------

def test_a_quote_of_the_dearest_goods_can_be_placed(shop):
    mug = shop.product(price=100_000_000_000, stock=9999)
    customer = shop.customer()
    order = customer.order((mug, 9999))
    assert order["subtotal"]["amount"] == 9999 * 100_000_000_000


def test_a_cart_takes_a_hundred_lines_and_no_more_however_many_come_at_once(shop):
    sizes = [str(n) for n in range(60)]
    variants = [v["id"] for _ in range(2) for v in shop.vendor().product(
        options=[{"name": "Size", "values": sizes}],
        variants=[{"price": {"amount": 100, "currency": "USD"}, "available": 9,
                   "options": {"Size": size}} for size in sizes]).variants]
    customer = shop.customer()
    put = lambda variant: customer.call(  # noqa: E731
        "putCartLine", variant_id=variant, body={"quantity": 1})
    for variant in variants[:98]:
        assert put(variant).status_code == 200
    for _ in range(5):
        answers = together(8, lambda i: put(variants[98 + i]).status_code)
        assert sorted(answers) == [200] * 2 + [409] * 6
        assert put(variants[0]).status_code == 200  # one that is in may change
        for variant in variants[98:106]:
            customer.call("deleteCartLine", variant_id=variant)
        assert sum(len(v["lines"]) for v in customer.do("getCart")["vendors"]) == 98
