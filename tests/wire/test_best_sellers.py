"""The sort order best_selling: units of the last 30 days that were not cancelled."""
import contextlib
import os
import signal

import pytest

from harness.feed import members, until_waiting
from harness.shop import together
from harness.wait import until


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def units(shop, product):
    """As the listing has them in each category."""
    shop.db.let_effects_leave()
    (sold,) = {row["sold"] for row in shop.db.rows(
        "select sold from listing where product_id = %s", product.id)}
    return sold


def best(shop, vendor):
    shop.db.let_effects_leave()
    return [p["id"] for p in shop.sees("listProducts", vendor=vendor.id,
                                       sort="best_selling")["items"]]


def move_sales(shop, product, days):
    """As if the product's orders, of nothing else, had been placed so many days earlier."""
    shop.db.let_effects_leave()
    shop.db.rows("update product_sale set day = day - %s where product_id = %s", days, product.id)
    shop.db.rows("update sub_order s set created_at = created_at - %s * interval '1 day' where "
                 "exists (select from order_line l where l.sub_order_id = s.id "
                 "and l.product_id = %s)", days, product.id)


def test_the_product_with_the_most_units_comes_first(shop):
    clay, customer = shop.vendor(), shop.customer()
    cup, mug, bowl = (clay.product(stock=90) for _ in range(3))
    customer.order((mug, 3), (bowl, 2))
    customer.order((bowl, 2))
    assert best(shop, clay) == [bowl.id, mug.id, cup.id]


def test_units_are_counted_once_per_order(shop):
    clay = shop.vendor()
    mug, bowl = clay.product(stock=90), clay.product(stock=90)
    customers = [shop.customer() for _ in range(6)]
    together(6, lambda i: customers[i].order((mug, 2), bowl))
    assert (units(shop, mug), units(shop, bowl)) == (12, 6)


def test_cancelled_units_do_not_count(shop):
    clay, iron = shop.vendor(), shop.vendor()
    mug, bowl, pan = clay.product(stock=90), clay.product(stock=90), iron.product(stock=90)
    customer = shop.customer()
    kept = customer.order((mug, 3), (bowl, 2), (pan, 1))
    (line,) = [x for x in clay.part(kept)["lines"] if x["product_id"] == mug.id]
    clay.do("cancelSubOrderByVendor", sub_order_id=clay.part(kept)["id"], body={
        "reason": "One broke", "lines": [{"line_id": line["id"], "quantity": 1}]})
    customer.do("cancelOrder", order_id=customer.order((mug, 5), (pan, 5))["id"], body={})
    shop.db.rows("update sub_order set deadline_at = now() where id = %s", iron.part(kept)["id"])
    until(lambda: iron.see(kept)["status"] == "cancelled")
    assert (units(shop, mug), units(shop, bowl), units(shop, pan)) == (2, 2, 0)


def test_units_count_for_30_days(shop):
    clay, customer = shop.vendor(), shop.customer()
    mug, bowl = clay.product(stock=90), clay.product(stock=90)
    customer.order((mug, 3))
    customer.order((bowl, 2))
    assert best(shop, clay) == [mug.id, bowl.id]
    move_sales(shop, mug, days=29)
    assert units(shop, mug) == 3
    customer.order((mug, 4))
    move_sales(shop, mug, days=1)
    until(lambda: units(shop, mug) == 4)
    move_sales(shop, mug, days=29)
    until(lambda: units(shop, mug) == 0)
    assert best(shop, clay) == [bowl.id, mug.id]


def test_units_cancelled_after_30_days_take_nothing_from_later_ones(shop):
    clay, customer = shop.vendor(), shop.customer()
    mug = clay.product(stock=90)
    old = customer.order((mug, 3))
    move_sales(shop, mug, days=30)
    until(lambda: units(shop, mug) == 0)
    customer.order((mug, 2))
    customer.do("cancelOrder", order_id=old["id"], body={})
    assert units(shop, mug) == 2


def test_a_product_that_returns_to_the_listing_keeps_its_units(shop):
    clay = shop.vendor()
    mug = clay.product(stock=90)
    shop.customer().order((mug, 3))
    assert units(shop, mug) == 3
    for state in ("suspend", "reinstate"):
        shop.admin().do(f"{state}Vendor", vendor_id=clay.id, body={"reason": "A test"})
    assert units(shop, mug) == 3
    for status in ("draft", "active"):
        clay.do("updateVendorProduct", product_id=mug.id, body={"status": status})
    assert units(shop, mug) == 3


@pytest.mark.parametrize("halted_at", ["product_sale where product_id", "product where id"])
def test_a_killed_jobs_process_counts_no_order_twice_and_none_never(shop, server, halted_at):
    clay, customer = shop.vendor(), shop.customer()
    mug = clay.product(stock=90)
    customer.order((mug, 3))
    assert units(shop, mug) == 3
    with contextlib.closing(shop.db.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"select from {halted_at} = %s for no key update", (mug.id,))
        assert cursor.rowcount == 1
        customer.order((mug, 2))
        until_waiting(shop.db, 1)
        (jobs,) = members(server, "jobs")
        os.kill(jobs, signal.SIGKILL)
        connection.rollback()
    assert units(shop, mug) == 5
