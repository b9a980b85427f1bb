"""Placing an order: one cart, one order, a part per vendor, and every cent accounted for."""
import contextlib
import os
import random

import pytest

from harness.shop import fresh, money, refused, together

RACERS = int(os.environ.get("SEBEZ_TEST_RACERS", "60"))  # 500 in the long run
SEED = int(os.environ.get("SEBEZ_TEST_SEED", "20260301"))
pytestmark = pytest.mark.plain


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


@contextlib.contextmanager
def service_fee(shop, fixed=0, basis_points=0):
    """For the length of a block: the settings are everybody's."""
    shop.db.rows("update platform set service_fee_fixed = %s, service_fee_basis_points = %s",
                 fixed, basis_points)
    try:
        yield
    finally:
        shop.db.rows("update platform set service_fee_fixed = 0, service_fee_basis_points = 0")


def amounts(whole):
    return {key: whole[key]["amount"] for key in ("subtotal", "shipping", "discount", "tax", "fee",
                                                  "total")}


def adds_up(order):
    whole = amounts(order)
    parts = [amounts(part) for part in order["sub_orders"]]
    for key, amount in whole.items():
        assert sum(part[key] for part in parts) == amount, key
    for part, shown in zip(order["sub_orders"], parts):
        assert sum(line["total"]["amount"] for line in part["lines"]) == shown["subtotal"]
        assert shown["total"] == (shown["subtotal"] + shown["shipping"] - shown["discount"]
                                  + shown["tax"] + shown["fee"])
    return True


def test_an_order_is_split_into_a_part_for_each_vendor(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, bowl = clay.product(price=1800), clay.product(price=700)
    pan = iron.product(price=4500)
    order = shop.customer().order((mug, 2), bowl, (pan, 3))
    assert adds_up(order) and len(order["sub_orders"]) == 2
    assert amounts(clay.part(order))["total"] == 2 * 1800 + 700 + 500
    assert amounts(iron.part(order))["total"] == 3 * 4500 + 500
    assert sorted(p["number"] for p in order["sub_orders"]) == [
        order["number"] + "-1", order["number"] + "-2"]
    assert (mug.available, bowl.available, pan.available) == (8, 9, 7)


def test_an_order_keeps_what_was_agreed_when_prices_change(shop):
    clay = shop.vendor()
    mug = clay.product(price=1800)
    customer = shop.customer()
    order = customer.order(mug)
    shop.db.rows("update variant set price = 9900 where id = %s", mug.variant)
    shop.db.rows("select refresh_products(array[%s]::uuid[])", mug.id)
    assert customer.see(order) == order


def test_nobody_pays_a_total_that_they_were_not_shown(shop):
    mug = shop.product(price=1000)
    customer = shop.customer()
    cart = customer.cart(mug)
    problem = refused(cart.place(total=money(1)), 409, "quote_changed")
    assert problem["quote"]["total"] == cart.total
    shop.db.rows("update variant set price = 1100 where id = %s", mug.variant)
    shop.db.rows("select refresh_products(array[%s]::uuid[])", mug.id)
    problem = refused(cart.place(), 409, "quote_changed")
    assert problem["quote"]["total"]["amount"] == cart.total["amount"] + 100
    assert mug.available == 10
    assert cart.place(total=problem["quote"]["total"]).status_code == 201


def test_what_is_sold_out_is_not_sold(shop):
    mug = shop.product(stock=2)
    first, second = shop.customer(), shop.customer()
    cart = first.cart((mug, 2))
    second.order(mug)
    problem = refused(cart.place(), 409, "out_of_stock")
    assert problem["quote"]["vendors"][0]["lines"][0]["available"] == 1 and mug.available == 1


def test_an_empty_cart_and_an_ordered_cart_are_told_apart(shop):
    customer = shop.customer()
    cart = customer.cart()
    refused(cart.place(total=money(1)), 409, "cart_empty")
    order = customer.order(shop.mug)
    problem = refused(cart.place(total=money(1)), 409, "cart_already_ordered")
    assert problem["order_id"] == order["id"]


def test_a_service_fee_is_shared_to_the_cent(shop):
    vendors = [shop.vendor() for _ in range(3)]
    goods = [v.product(price=p) for v, p in zip(vendors, (333, 333, 335))]
    with service_fee(shop, fixed=100, basis_points=250):
        order = shop.customer().order(*goods)
    assert adds_up(order) and order["fee"]["amount"] == 100 + 25  # 2.5 % of 10.01, half up
    assert sorted(part["fee"]["amount"] for part in order["sub_orders"]) in ([41, 42, 42],)
    assert all(vendors[i].see(order)["fee"] == vendors[i].part(order)["fee"] for i in range(3))


def test_the_percentage_of_a_service_fee_is_cancelled_with_its_goods(shop):
    clay, customer = shop.vendor(shipping=[("Gift", 0)]), shop.customer()
    with service_fee(shop, fixed=100, basis_points=1000):
        order = customer.order((clay.product(price=1000), 10))
    part = clay.part(order)
    assert amounts(part)["fee"] == 100 + 1000
    for gone, owed in ((1, 11100 - 1100), (8, 11100 - 9 * 1100)):
        part = customer.do("cancelSubOrder", sub_order_id=part["id"], body={
            "lines": [{"line_id": part["lines"][0]["id"], "quantity": gone}]})
        assert part["total"]["amount"] - part["cancelled_total"]["amount"] == owed
        assert customer.see(order)["payment"]["due"]["amount"] == owed
    part = customer.do("cancelSubOrder", sub_order_id=part["id"], body={})
    assert part["cancelled_total"] == part["total"]


def test_orders_of_any_mixture_add_up(shop):
    print(f"SEBEZ_TEST_SEED={SEED}")
    chance = random.Random(SEED)
    vendors = [shop.vendor(shipping=(("Parcel", chance.randrange(0, 900)),)) for _ in range(4)]
    goods = [chance.choice(vendors).product(price=chance.randrange(0, 9999), stock=1000)
             for _ in range(10)]
    customer = shop.customer()
    for _ in range(12):
        fee = {"fixed": chance.randrange(0, 500), "basis_points": chance.randrange(0, 1000)}
        some = [(p, chance.randrange(1, 9)) for p in chance.sample(goods, chance.randrange(1, 9))]
        with service_fee(shop, **fee):
            assert adds_up(customer.order(*some)), (fee, some)


def test_commission_is_frozen_at_sale(shop):
    clay = shop.vendor()
    order = shop.customer().order(clay.product(price=1299))
    assert clay.see(order)["commission"]["amount"] == 130  # 10 % of 12.99, half up
    shop.db.rows("update vendor set commission_basis_points = 5000 where id = %s", clay.id)
    assert clay.see(order)["commission"]["amount"] == 130


def test_the_same_cart_placed_fifty_times_at_once_is_one_order(shop):
    mug = shop.product(stock=100)
    customer = shop.customer()
    cart = customer.cart((mug, 2))
    answers = together(50, lambda: cart.place(key=None))
    statuses = sorted(a.status_code for a in answers)
    assert statuses == [201] + [409] * 49
    (order,) = [a.json() for a in answers if a.status_code == 201]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"cart_already_ordered"}
    assert {a.json()["order_id"] for a in answers if a.status_code == 409} == {order["id"]}
    assert mug.available == 98 and len(customer.all("listOrders")) == 1


def test_the_same_request_with_a_key_fifty_times_at_once_is_one_order_and_one_answer(shop):
    mug = shop.product(stock=100)
    customer = shop.customer()
    cart = customer.cart((mug, 2))
    key = fresh("order")
    answers = together(50, lambda: cart.place(key=key))
    good = {a.content for a in answers if a.status_code == 201}
    assert len(good) == 1
    assert {a.json()["code"] for a in answers if a.status_code != 201} <= {"request_in_progress"}
    assert cart.place(key=key).content in good
    assert mug.available == 98 and len(customer.all("listOrders")) == 1


def test_many_race_for_ten_pieces_in_mixed_carts_and_exactly_ten_are_sold(shop):
    print(f"SEBEZ_TEST_SEED={SEED} SEBEZ_TEST_RACERS={RACERS}")
    chance = random.Random(SEED)
    rare = shop.product(price=5000, stock=10)
    others = [shop.product(price=100 * n, stock=10_000) for n in range(1, 6)]
    carts = []
    for _ in range(RACERS):
        goods = [rare, *chance.sample(others, chance.randrange(1, 5))]
        chance.shuffle(goods)
        carts.append(shop.customer().cart(*goods))
    for cart in carts:
        cart.actor.session.close()  # the first have been silent for as long as the server waits
    answers = together(RACERS, lambda i: carts[i].place())
    statuses = [a.status_code for a in answers]
    assert statuses.count(201) == 10 and statuses.count(409) == RACERS - 10
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"out_of_stock"}
    assert all(adds_up(a.json()) for a in answers if a.status_code == 201)
    assert rare.available == 0
    assert shop.db.one("select sum(quantity) from order_line where variant_id = %s",
                       rare.variant) == 10


def test_a_customer_sees_own_orders_newest_first_and_nobody_elses(shop):
    customer, stranger = shop.customer(), shop.customer()
    orders = [customer.order(shop.mug)["id"] for _ in range(5)]
    assert [o["id"] for o in customer.all("listOrders", limit=2)] == orders[::-1]
    customer.do("cancelOrder", order_id=orders[2], body={})
    assert [o["id"] for o in customer.all("listOrders", status="cancelled")] == [orders[2]]
    assert stranger.all("listOrders") == []
    refused(stranger.call("getOrder", order_id=orders[0]), 404)


def test_cash_is_received_once_every_part_was_handed_over(shop):
    near, far = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(near.product(price=1000), far.product(price=2000))
    for vendor, status in ((near, "pending"), (far, "received")):
        vendor.accept(order)
        vendor.ship(order)
        assert customer.see(order)["payment"]["status"] == "pending"
        vendor.deliver(order)
        assert customer.see(order)["payment"]["status"] == status
    assert shop.check() == []


def test_cash_of_what_was_cancelled_is_not_waited_for(shop):
    near, far = shop.vendor(), shop.vendor()
    customer = shop.customer()
    order = customer.order(near.product(price=1000), far.product(price=2000))
    near.accept(order)
    near.ship(order)
    near.deliver(order)
    far.cancel(order)
    assert customer.see(order)["payment"]["status"] == "received"
    assert shop.check() == []


def test_trade_leaves_no_warning_in_the_database_s_log(shop):
    vendor, ada = shop.vendor(), shop.customer()
    log = shop.server.data / "var/log/postgres.log"
    before = log.stat().st_size
    order = ada.order(vendor.product())
    for move in (vendor.accept, vendor.pack, vendor.ship, vendor.deliver):
        assert move(order).status_code == 200
    ada.do("cancelOrder", order_id=ada.order(vendor.product())["id"], body={"reason": "Too late"})
    assert [line for line in log.read_text()[before:].splitlines() if "WARNING" in line] == []
