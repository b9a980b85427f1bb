"""Orders a second after many old orders and events, as a ratio to those after 50,000 orders, and
the pages that an order, a quote and a message read at either size."""
import contextlib
import os

import buffers
import checkout
from place import ORDERS, Server, copy_of, say, seeded
from turns import in_turn

OLD_ORDERS = int(os.environ.get("BENCH_OLD_ORDERS", "500000"))
OLD_EVENTS = int(os.environ.get("BENCH_OLD_EVENTS", "5000000"))

SIZES = """
select (select count(*) from shop_order), (select count(*) from event),
       (select count(*) from message), pg_database_size(current_database()) >> 20
"""


def sizes(server):
    counts = [int(count) for count in server.psql(SIZES)[0]]
    return dict(zip(("orders", "events", "messages", "megabytes"), counts))


def growth(folder, products):
    large = seeded(folder, products, OLD_ORDERS, OLD_EVENTS)
    small = seeded(folder, products, ORDERS, OLD_EVENTS * ORDERS // OLD_ORDERS)
    pages, more = buffers.compare(small, large, products)
    for kind, (before, after) in pages.items():
        say(f"  pages of a {kind}: {before:.0f}, in the larger database {after:.0f}")
    for statement in more:
        say(f"  {statement}")
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(copy_of(template, name)))
                   for template, name in ((large, "run-large"), (small, "run"))]
        found = [sizes(server) for server in servers]
        for size in found:
            say("  " + ", ".join(f"{count} {what}" for what, count in size.items()))
        return {"large": found[0], "small": found[1], "pages": pages, "read_more": more,
                **in_turn([checkout.side(server, products) for server in servers])}
