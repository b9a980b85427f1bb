"""Variants that sell without being counted."""
import csv
import io

import pytest

from harness.sheet import exported, imported, table
from harness.shop import money, refused


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def uncounted(vendor, **more):
    return vendor.product(variants=[{"price": money(900), "tracked": False} | more])


def tracked(vendor, mug, value):
    return vendor.do("updateVariant", variant_id=mug.variant, body={"tracked": value})


def stock(vendor, mug, **body):
    return vendor.call("setVariantStock", variant_id=mug.variant, body=body)


def seen(shop, mug):
    return shop.sees("getProduct", product_id=mug.id)


def test_what_is_not_counted_is_sold_in_any_number(shop):
    vendor = shop.vendor()
    mug = uncounted(vendor)
    (variant,) = seen(shop, mug)["variants"]
    assert (variant["tracked"], variant["available"]) == (False, None)
    (item,) = shop.sees("listProducts", vendor=vendor.id, in_stock="true")["items"]
    assert item["id"] == mug.id
    cart = shop.customer().cart()
    (line,) = cart.put(mug, 40)["vendors"][0]["lines"]
    assert (line["tracked"], line["available"], line["problem"]) == (False, None, None)
    assert cart.quote()["problems"] == []
    assert cart.place().status_code == 201
    assert seen(shop, mug)["in_stock"]
    (item,) = vendor.do("listVendorProducts")["items"]
    assert item["available"] is None
    assert vendor.do("getVendorProduct", product_id=mug.id)["variants"][0]["reserved"] == 40


def test_nobody_is_told_that_it_runs_low(shop):
    vendor = shop.vendor()
    mug = uncounted(vendor, available=7)
    shop.customer().order((mug, 9))
    assert shop.db.one("select count(*) from event where owner_id = %s and kind = 'low_stock'",
                       vendor.id) == 0


def test_counting_goes_on_from_the_number_behind_it_and_from_zero_at_least(shop):
    vendor = shop.vendor()
    mug = uncounted(vendor, available=10)
    order = shop.customer().order((mug, 4))
    assert tracked(vendor, mug, True)["available"] == 6
    assert tracked(vendor, mug, False)["available"] is None
    shop.customer().order((mug, 9))
    assert tracked(vendor, mug, True)["available"] == 0
    assert not seen(shop, mug)["in_stock"]
    vendor.cancel(order)
    assert seen(shop, mug)["variants"][0]["available"] == 4


def test_it_has_no_number_to_set(shop):
    vendor = shop.vendor()
    mug = uncounted(vendor)
    refused(stock(vendor, mug, available=5), 409, "conflict", field="/available")
    refused(stock(vendor, mug, adjust=5), 409, "conflict", field="/adjust")
    tracked(vendor, mug, True)
    assert stock(vendor, mug, available=5).json()["available"] == 5


def test_an_empty_tracker_of_a_file_is_not_counted(shop):
    vendor = shop.vendor()
    base = {"Handle": "a", "Title": "A", "Variant Price": "5", "Variant Inventory Policy": "deny"}
    free, counted = {"Variant Inventory Tracker": ""}, {"Variant Inventory Tracker": "shopify"}
    quantity = {"Variant Inventory Qty": "3"}
    report = imported(vendor, table(base | free | {"Variant Inventory Qty": "-4"}, columns=None))
    assert report["errors"] == []
    (item,) = shop.sees("listProducts", vendor=vendor.id)["items"]
    assert item["in_stock"]

    def variant():
        (one,) = shop.sees("getProduct", product_id=item["id"])["variants"]
        return one["tracked"], one["available"]

    assert variant() == (False, None)
    (line,) = csv.DictReader(io.StringIO(exported(vendor).decode()))
    assert (line["Variant Inventory Tracker"], line["Variant Inventory Qty"]) == ("", "")
    # A file that says nothing of it changes nothing of it.
    assert imported(vendor, table(base | quantity, columns=None))["variants_updated"] == 0
    assert variant() == (False, None)
    imported(vendor, table(base | quantity | counted, columns=None))
    assert variant() == (True, 3)
    imported(vendor, table(base | free, columns=None))
    shop.customer().order((shop.sees("getProduct", product_id=item["id"])["variants"][0]["id"], 9))
    assert imported(vendor, table(base | counted, columns=None))["errors"] == []
    assert variant() == (True, 0)
