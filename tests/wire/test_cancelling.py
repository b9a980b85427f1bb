"""Cancelling, whole and by line: who may until when, and what becomes of the stock."""
import pytest

from harness.shop import refused, together
from harness.sub_orders import good, history, line_of, some


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


# -- cancelling -----------------------------------------------------------------------------------

def test_cancelling_pieces_returns_their_stock_and_counts_their_price(shop):
    clay = shop.vendor()
    mug = clay.product(price=1800, stock=5)
    customer = shop.customer()
    order = customer.order((mug, 3))
    assert mug.available == 2
    part = customer.do("cancelSubOrder", sub_order_id=clay.part(order)["id"],
                       body={"lines": some(line_of(order, clay), 2), "reason": "Too many"})
    assert part["status"] == "placed" and mug.available == 4
    (line,) = part["lines"]
    assert (line["quantity"], line["cancelled_quantity"]) == (3, 2)
    assert line["total"]["amount"] == 5400 and part["total"] == clay.part(order)["total"]
    assert part["cancelled_total"]["amount"] == 3600
    part = customer.do("cancelSubOrder", sub_order_id=part["id"],
                       body={"lines": some(line["id"], 1)})
    assert part["status"] == "cancelled" and mug.available == 5
    assert part["cancelled_total"] == part["total"]
    assert [h[:2] for h in history(shop, order, clay)] == [
        (None, "placed"), ("placed", "placed"), ("placed", "cancelled")]


@pytest.mark.parametrize("lines, field", [
    (lambda order, clay: some(clay.id, 1), "/lines/0/line_id"),
    (lambda order, clay: some(line_of(order, clay), 1) * 2, "/lines/1/line_id"),
    (lambda order, clay: some(line_of(order, clay), 4), "/lines/0/quantity"),
], ids=["a line of nobody", "a line named twice", "more than there is"])
def test_lines_that_cannot_be_cancelled_are_named(shop, lines, field):
    clay = shop.vendor()
    mug = clay.product(stock=5)
    order = shop.customer().order((mug, 3))
    refused(clay.cancel(order, lines=lines(order, clay)), 400, field=field)
    assert mug.available == 2 and clay.see(order)["status"] == "placed"


def test_a_customer_cancels_until_the_vendor_accepts_and_the_vendor_until_it_ships(shop):
    clay = shop.vendor()
    mug = clay.product(stock=5)
    customer = shop.customer()
    order = customer.order(mug)
    good(clay.accept(order))
    refused(customer.call("cancelSubOrder", sub_order_id=clay.part(order)["id"], body={}), 409,
            "transition_not_allowed")
    refused(customer.call("cancelOrder", order_id=order["id"], body={}), 409)
    refused(clay.call("cancelSubOrderByVendor", sub_order_id=clay.part(order)["id"], body={}), 400)
    cancelled = good(clay.cancel(order, reason="Broken in the kiln"))
    assert cancelled["status"] == "cancelled" and cancelled["cancel_reason"] == "Broken in the kiln"
    assert mug.available == 5
    shipped = customer.order(mug)
    good(clay.accept(shipped))
    good(clay.ship(shipped))
    refused(clay.cancel(shipped), 409, "transition_not_allowed")


def test_an_order_is_cancelled_whole_or_not_at_all(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, pan = clay.product(stock=5), iron.product(stock=5)
    customer = shop.customer()
    order = customer.order(mug, pan)
    good(iron.accept(order))
    problem = refused(customer.call("cancelOrder", order_id=order["id"], body={}), 409,
                      "transition_not_allowed")
    assert problem["allowed_transitions"] == []
    assert clay.see(order)["status"] == "placed" and mug.available == 4
    other = customer.order(mug, pan)
    customer.do("cancelSubOrder", sub_order_id=clay.part(other)["id"], body={})
    whole = customer.do("cancelOrder", order_id=other["id"], body={"reason": "Changed my mind"})
    assert whole["status"] == "cancelled" and whole["payment"]["status"] == "cancelled"
    assert iron.part(whole)["cancel_reason"] == "Changed my mind"
    refused(customer.call("cancelOrder", order_id=other["id"], body={}), 409)
    assert (mug.available, pan.available) == (4, 4)


def test_stock_that_comes_back_is_in_the_shop_again(shop):
    clay = shop.vendor()
    mug = clay.product(stock=1)
    customer = shop.customer()
    order = customer.order(mug)
    assert not shop.db.one("select in_stock from product where id = %s", mug.id)
    customer.do("cancelOrder", order_id=order["id"], body={})
    assert shop.db.one("select in_stock from product where id = %s", mug.id)
    assert customer.order(mug)["status"] == "placed"


def test_cancelling_and_buying_at_once_neither_loses_nor_makes_stock(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, pan = clay.product(stock=6), iron.product(stock=6)
    sellers = [shop.customer() for _ in range(6)]
    orders = [c.order(mug, pan) if i % 2 else c.order(pan, mug) for i, c in enumerate(sellers)]
    carts = [shop.customer().cart() for _ in range(6)]
    for cart in carts:
        for product in (pan, mug):
            cart.put(product)

    def one(i):
        if i < 6:
            sellers[i].do("cancelOrder", order_id=orders[i]["id"], body={})
        else:
            carts[i - 6].quote()
            assert carts[i - 6].place().status_code in (201, 409)

    together(12, one)
    placed = shop.db.one("select count(*) from sub_order where vendor_id = %s and state = 'placed'",
                         clay.id)
    assert (mug.available, pan.available) == (6 - placed, 6 - placed)


def transition(shop, part, **body):
    return shop.admin("support").call("transitionSubOrder", sub_order_id=part["id"],
                                      body={"reason": "Out of business", **body})


def test_an_admin_cancels_what_a_vendor_has_not_shipped(shop):
    clay = shop.vendor()
    mug = clay.product(stock=5)
    order = shop.customer().order((mug, 3))
    good(clay.accept(order))
    shipped = good(clay.ship(order, lines=some(line_of(order, clay), 1)))
    one = good(transition(shop, shipped, to="cancelled", lines=some(line_of(order, clay), 1)))
    assert one["status"] == "partially_shipped" and one["lines"][0]["cancelled_quantity"] == 1
    rest = good(transition(shop, shipped, to="cancelled"))
    assert rest["status"] == "shipped" and mug.available == 4
    assert rest["lines"][0]["cancelled_quantity"] == 2
    refused(transition(shop, shipped, to="delivered", lines=some(line_of(order, clay), 1)), 400,
            field="/lines")
    refused(transition(shop, shipped, to="cancelled"), 409, "transition_not_allowed")
