"""What products show of their stock, and that nobody who changes a product and its stock waits in a
ring."""
import threading

import pytest

from harness.sheet import imported, row, table
from harness.shop import fresh, money, refused, together
from harness.sub_orders import good
from harness.wait import PATIENCE_S, until

ROUNDS = 15


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def two_colors(vendor, **stock):
    return vendor.product(options=[{"name": "Color", "values": list(stock)}], variants=[
        {"options": {"Color": color}, "price": money(1000), "available": available}
        for color, available in stock.items()])



def in_stock(shop, product):
    return shop.db.one("select in_stock from product where id = %s", product.id)


def test_a_product_whose_last_pieces_are_ordered_at_once_is_out_of_stock(shop):
    clay, customers = shop.vendor(), [shop.customer(), shop.customer()]
    for _ in range(ROUNDS):
        mug = two_colors(clay, Blue=1, Red=1)
        carts = [customers[i].cart(mug.variants[i]["id"]) for i in range(2)]
        assert [r.status_code for r in together(2, lambda i: carts[i].place())] == [201, 201]
        assert not in_stock(shop, mug)


def test_a_product_is_in_stock_when_one_piece_goes_while_another_comes_back(shop):
    clay, buyer, regretful = shop.vendor(), shop.customer(), shop.customer()
    for _ in range(ROUNDS):
        mug = two_colors(clay, Blue=1, Red=1)
        order = regretful.order(mug.variants[1]["id"])
        cart = buyer.cart(mug.variants[0]["id"])
        together(2, lambda i: good(regretful.call("cancelOrder", order_id=order["id"], body={}))
                 if i else cart.place())
        assert in_stock(shop, mug)


@pytest.fixture
def holder(shop):
    """Somebody else's transaction, which never notices that it is part of a ring."""
    connection = shop.db.connect()
    cursor = connection.cursor()
    cursor.execute("set deadlock_timeout = '1h'")
    yield cursor
    connection.rollback()
    connection.close()


def until_waits(shop, count=1):
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    until(lambda: shop.db.one(waiting) >= count)


def alongside(call):
    """Calls it in a thread; wait() gives its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()), daemon=True)
    thread.start()

    def wait():
        thread.join(PATIENCE_S)
        return results[0]
    return wait


@pytest.mark.parametrize("key", [None, "again"])
def test_a_move_that_a_deadlock_undid_is_made_again(shop, holder, key):
    clay = shop.vendor()
    mug = clay.product(stock=3)
    order = shop.customer().order((mug, 3))
    part = clay.part(order)["id"]

    def cancel():
        return clay.call("cancelSubOrderByVendor", sub_order_id=part, body={"reason": "Broken"},
                         key=key)
    holder.execute("select from variant where id = %s for update", (mug.variant,))
    cancelled = alongside(cancel)
    until_waits(shop)
    holder.execute("select from sub_order where id = %s for update", (part,))
    holder.connection.rollback()
    first = cancelled()
    assert good(first)["status"] == "cancelled" and mug.available == 3
    assert shop.db.one("select count(*) from sub_order_history where sub_order_id = %s "
                       "and to_state = 'cancelled'", part) == 1
    if key:
        assert cancel().text == first.text
    else:
        refused(cancel(), 409)


def test_a_handle_changes_while_an_order_is_on_its_way(shop, holder):
    clay = shop.vendor()
    mug = clay.product(stock=1)
    cart = shop.customer().cart(mug)
    holder.execute("select from variant where id = %s for update", (mug.variant,))
    placed = alongside(cart.place)
    until_waits(shop)
    good(clay.call("updateVendorProduct", product_id=mug.id, body={"handle": fresh("mug")}))
    holder.connection.rollback()
    assert placed().status_code == 201


def sold_below_zero(vendor, shop):
    mug = vendor.product(stock=1)
    vendor.do("updateVariant", variant_id=mug.variant, body={"backorder": True, "sku": fresh("S")})
    shop.customer().order((mug, 4))
    assert mug.available == -3
    return mug


def test_what_is_sold_below_zero_goes_on_being_sold_so(shop):
    vendor = shop.vendor()
    mug = sold_below_zero(vendor, shop)
    refused(vendor.call("updateVariant", variant_id=mug.variant, body={"backorder": False}),
            409, "conflict", field="/backorder")
    vendor.do("setVariantStock", variant_id=mug.variant, body={"available": 0})
    vendor.do("updateVariant", variant_id=mug.variant, body={"backorder": False})


def test_an_import_says_why_what_is_sold_below_zero_cannot_be_denied(shop):
    vendor = shop.vendor()
    mug = sold_below_zero(vendor, shop)
    sku = shop.db.one("select sku from variant where id = %s", mug.variant)
    line = row(mug.handle, title="Mug", sku=sku, price="18.00")
    line["Variant Inventory Policy"] = "deny"
    other = fresh("pan")
    report = imported(vendor, table(line, row(other, title="Pan", price="9.00", stock=1),
                                    columns=None))
    (warning,) = report["warnings"]
    assert warning["line"] == 2 and "3 more were sold than are in stock" in warning["reason"]
    assert report["products_created"] == 1 and mug.available == -3
    line["Variant Inventory Qty"] = 2
    assert imported(vendor, table(line, columns=None))["warnings"] == [] and mug.available == 2
