"""Orders a second after many old orders and events, as a ratio to those after 50,000 orders."""
import contextlib
import os

import checkout
from place import ORDERS, Server, copy_of, seeded
from turns import in_turn

OLD_ORDERS = int(os.environ.get("BENCH_OLD_ORDERS", "500000"))
OLD_EVENTS = int(os.environ.get("BENCH_OLD_EVENTS", "5000000"))


def growth(folder, products):
    large = seeded(folder, products, OLD_ORDERS, OLD_EVENTS)
    small = seeded(folder, products, ORDERS)
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(copy_of(template, name)))
                   for template, name in ((large, "run-large"), (small, "run"))]
        return {"orders": OLD_ORDERS, "events": OLD_EVENTS, "small_orders": ORDERS,
                **in_turn([checkout.side(server, products) for server in servers])}
