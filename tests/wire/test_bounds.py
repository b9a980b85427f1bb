"""Every number that a client may write, at its bounds and beyond them. Whatever it is, the server
has an answer: the client (harness/client.py) fails a test for any 5xx."""
import copy
import random

import pytest

from callers import twin_of
from conftest import SEED
from harness import contract
from harness.codes import NOWHERE
from harness.contract import OPERATIONS
from harness.shop import Shop, money, refused
from harness.sub_orders import due_back, good, some
from matrix import ROWS
from test_isolation import actor_for
from world import World

PRICE_MAX = 100_000_000_000
STOCK_MAX = 1_000_000_000
QUANTITY_MAX = 9999
MACHINE = (2**31 - 1, 2**31, -2**31 - 1, 2**53, 2**63 - 1, 2**63, -2**63, -2**63 - 1)


# -- one number at a time -----------------------------------------------------------------------

def numbers_of(schema, path=()):
    """(path, schema) of every integer of a body."""
    schema = contract.resolve(schema)
    if "integer" in schema.get("type", []):
        yield path, schema
    if "items" in schema:
        yield from numbers_of(schema["items"], (*path, 0))
    for name, field in schema.get("properties", {}).items():
        yield from numbers_of(field, (*path, name))


def bounds_of(schema):
    """Within and beyond: every number has both bounds (tools/gen_api.py asks for them)."""
    low, high = schema["minimum"], schema["maximum"]
    return {low, high, low - 1, high + 1, *MACHINE}


def with_number(body, path, number):
    """The body with that number in it; money that was not there is the marketplace's."""
    body = copy.deepcopy(body)
    target = body
    for part, below in zip(path, path[1:]):
        if isinstance(target, list):
            target = target[part]
        else:
            empty = [{}] if below == 0 else {"currency": "USD"} if below == "amount" else {}
            target = target.setdefault(part, empty)
    target[path[-1]] = number
    return body


BODY_NUMBERS = [(o.id, path) for o in OPERATIONS.values() if o.body for path, _ in
                numbers_of(o.body[1])]
QUERY_NUMBERS = [(o.id, p["name"]) for o in OPERATIONS.values() for p in o.parameters
                 if p["in"] == "query" and list(numbers_of(p["schema"]))]


def test_every_number_that_can_be_written_has_an_answer_at_its_bounds(own_server):
    world = World(Shop(own_server(**NOWHERE)))
    for operation_id, path in BODY_NUMBERS:
        operation = OPERATIONS[operation_id]
        who = actor_for(world, operation)
        schema = dict(numbers_of(operation.body[1]))[path]
        for number in sorted(bounds_of(schema)):
            arguments = world.arguments(operation, who, world.a)
            arguments["body"] = with_number(arguments["body"], path, number)
            twin = ROWS[operation_id].twin
            response = (twin(who) if twin else who).call(operation_id, **arguments)
            if not schema["minimum"] <= number <= schema["maximum"]:
                refused(response, 400, "invalid_input", "/" + "/".join(map(str, path)))
    assert len(BODY_NUMBERS) > 30


def test_every_number_of_a_query_has_an_answer_at_its_bounds(world):
    for operation_id, name in QUERY_NUMBERS:
        operation = OPERATIONS[operation_id]
        who = actor_for(world, operation)
        (schema,) = [contract.resolve(p["schema"]) for p in operation.parameters
                     if p["name"] == name]
        for number in sorted(bounds_of(schema)):
            inside = schema["minimum"] <= number <= schema["maximum"]
            if inside and name == "wait" and number > 0:
                continue  # that is an answer, much later
            arguments = world.arguments(operation, who, world.a)
            response = who.call(operation_id, **{**arguments, name: number})
            if not inside:
                refused(response, 400, "invalid_input", f"?{name}")
    assert len(QUERY_NUMBERS) > 20


# -- what numbers at their bounds make together -------------------------------------------------

class Market:
    """Two vendors and three customers who choose among the bounds, by a seed."""

    def __init__(self, shop, seed):
        self.shop = shop
        self.chance = random.Random(seed)
        self.vendors = [shop.vendor() for _ in range(2)]
        self.customers = [shop.customer() for _ in range(3)]
        self.goods = [vendor.product(price=self.pick(0, 1, PRICE_MAX),
                                     stock=self.pick(1, QUANTITY_MAX, STOCK_MAX))
                      for vendor in self.vendors for _ in range(2)]
        self.orders = []  # (customer, order)

    def pick(self, *values):
        return self.chance.choice(values)

    # Each step is one thing that somebody does; whether they may, the server says.

    def count_stock(self):
        product = self.pick(*self.goods)
        body = self.pick({"available": self.pick(0, 1, STOCK_MAX)},
                         {"adjust": self.pick(-STOCK_MAX, -1, 1, STOCK_MAX)})
        product.vendor.call("setVariantStock", variant_id=product.variant, body=body)

    def change_a_variant(self):
        product = self.pick(*self.goods)
        product.vendor.call("updateVariant", variant_id=product.variant, body={
            "price": money(self.pick(0, 1, PRICE_MAX - 1, PRICE_MAX)),
            "compare_at_price": self.pick(None, money(PRICE_MAX)),
            "weight_grams": self.pick(0, 100_000_000), "backorder": self.pick(False, True)})

    def change_delivery(self):
        vendor = self.pick(*self.vendors)
        (method,) = vendor.do("listShippingMethods")["items"]
        vendor.call("updateShippingMethod", method_id=method["id"], body={
            "price": money(self.pick(0, 1, PRICE_MAX)), "handling_days": self.pick(0, 90),
            "free_above": self.pick(None, money(0), money(PRICE_MAX))})

    def change_fees(self):
        admin = self.shop.admin()
        now = admin.do("getSettings")
        admin.call("putSettings", body={
            **{name: now[name] for name in ("payment_hours", "accept_hours", "complete_days",
                                            "ship_grace_days", "hold_days")},
            "service_fee_fixed": money(self.pick(0, 1, PRICE_MAX)),
            "service_fee_basis_points": self.pick(0, 1, 3333, 10_000),
            "commission_basis_points": self.pick(0, 1, 3333, 10_000)})

    def buy(self):
        customer = self.pick(*self.customers)
        customer.call("clearCart")
        cart = customer.cart(*((product, self.pick(1, 3, QUANTITY_MAX))
                               for product in self.chance.sample(self.goods, self.pick(1, 2, 4))))
        placed = cart.place(method=self.pick("cash_on_delivery", "manual"))
        if placed.status_code == 201:
            self.orders.append((customer, placed.json()))

    def lines(self, part):
        line = self.pick(*part["lines"])
        left = line["quantity"] - line["cancelled_quantity"] - line["shipped_quantity"]
        return some(line["id"], self.pick(1, max(1, left - 1), max(1, left)))

    def move_an_order(self):
        customer, order = self.pick(*self.orders)
        order = customer.see(order)
        vendor = self.pick(*[v for v in self.vendors for s in order["sub_orders"]
                             if s["vendor"]["id"] == v.id])
        finance, lines = self.shop.admin("finance"), self.lines(vendor.part(order))
        self.pick(
            lambda: vendor.accept(order), lambda: vendor.accept(order),
            lambda: vendor.ship(order, lines=lines), lambda: vendor.ship(order),
            lambda: vendor.deliver(order), lambda: vendor.cancel(order, lines=lines),
            lambda: customer.call("cancelOrder", order_id=order["id"], body={}),
            lambda: finance.call("markPaymentReceived", order_id=order["id"], body={}),
            lambda: finance.call("markRefunded", order_id=order["id"],
                                 body=due_back(self.shop, order)))()

    def look(self):
        for vendor in self.vendors:
            vendor.do("listVendorProducts")
            vendor.call("exportProducts")
            for part in vendor.do("listSubOrders")["items"]:
                vendor.do("getSubOrder", sub_order_id=part["id"])
        for product in self.goods:
            product.vendor.do("getVendorProduct", product_id=product.id)
            self.shop.sees("getProduct", product_id=product.id)
        for customer, order in self.orders:
            customer.do("listOrders")
            self.shop.admin().do("adminGetOrder", order_id=order["id"])

    def step(self):
        steps = [self.count_stock, self.change_a_variant, self.change_delivery, self.change_fees,
                 self.buy, self.buy, self.buy]
        self.pick(*steps, *[self.move_an_order] * 6 * bool(self.orders))()


def test_an_economy_at_its_bounds_always_has_an_answer(own_server):
    """And in the end all that is open can be cancelled; own_server proves that the sums hold."""
    print(f"seed: {SEED}")
    market = Market(Shop(own_server()), SEED)
    for _ in range(100):
        market.step()
    market.look()
    cancelled = 0
    for vendor in market.vendors:
        vendor.do("listSubOrders")
        for part in vendor.owner.all("listSubOrders", vendor_id=vendor.id):
            seen = vendor.see(part)
            if "cancelled" in seen["allowed_transitions"]:
                good(vendor.cancel(seen))
                cancelled += 1
    market.look()
    assert market.orders and cancelled


# -- what was found -----------------------------------------------------------------------------

@pytest.mark.parametrize("backorder", [False, True])
def test_stock_at_its_bound_takes_back_what_was_sold(shop, backorder):
    clay = shop.vendor()
    mug = clay.product(stock=QUANTITY_MAX)
    clay.do("updateVariant", variant_id=mug.variant, body={"backorder": backorder})
    customer = shop.customer()
    order = customer.order((mug, QUANTITY_MAX))
    clay.stock(mug, STOCK_MAX)
    refused(clay.call("setVariantStock", variant_id=mug.variant, body={"adjust": 1}), 400,
            "invalid_input", "/adjust")
    good(customer.call("cancelOrder", order_id=order["id"], body={}))
    assert mug.available == STOCK_MAX + QUANTITY_MAX
    clay.do("setVariantStock", variant_id=mug.variant, body={"adjust": -1})


def test_stock_that_was_counted_far_too_high_still_takes_back_what_was_sold(shop):
    """As it could be before there was a bound."""
    clay = shop.vendor()
    mug = clay.product(stock=2)
    customer = shop.customer()
    order = customer.order((mug, 2))
    shop.db.rows("insert into stock_adjustment (vendor_id, id, variant_id, delta, reason) "
                 "values (%s, gen_random_uuid(), %s, 2147483647, 'Counted')", clay.id, mug.variant)
    shop.db.rows("update variant set available = 2147483647 where id = %s", mug.variant)
    good(customer.call("cancelOrder", order_id=order["id"], body={}))
    assert mug.available == 2147483649
    assert clay.stock(mug, 1)["available"] == 1


def test_a_commission_of_all_of_the_most_that_can_be_sold_is_shown(shop):
    clay = shop.vendor()
    shop.admin().do("setVendorCommission", vendor_id=clay.id,
                    body={"commission_basis_points": 10_000})
    ring = clay.product(price=PRICE_MAX, stock=QUANTITY_MAX)
    order = shop.customer().order((ring, QUANTITY_MAX))
    assert clay.see(order)["commission"] == money(PRICE_MAX * QUANTITY_MAX)
