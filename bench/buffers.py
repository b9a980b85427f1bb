"""The pages that statements read, in all and each one, also within functions: to place an order, to
quote a cart, to send a message. They do not depend on other work on the machine. Of two databases
of different sizes a statement that looks through a table reads more in the larger one."""
import json

import checkout
import cost
import cost_counts
from place import CUSTOMERS, Server, copy_of, seed_id, token

COUNT = 40
WARM = 12  # statements are prepared and generic plans made
RATIO, MORE = 1.5, 12  # that a statement may read: each index may be a level higher
FEW = 4  # calls: jobs, which read as much as happens to wait for them

SETTINGS = """
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
pg_stat_statements.max = 10000
"""
STATEMENTS = """
select r.rolname, s.toplevel, s.calls, s.shared_blks_hit + s.shared_blks_read,
       regexp_replace(s.query, '\\s+', ' ', 'g')
from pg_stat_statements s join pg_roles r on r.oid = s.userid where r.rolname <> 'sebez_super'
"""


def order_requests(server, products, count):
    rows = checkout.fill(server, count, products)
    return [("/v1/orders", own, key, checkout.body(total)) for own, total, key in
            (line.split() for line in checkout.orders_of(server, rows))]


def quote_requests(server, products, count):
    body = json.dumps({"shipping_address": checkout.ADDRESS})
    return [("/v1/cart/quote", token(server.secret(), account, session), None, body)
            for account, session, _ in checkout.fill(server, count, products)]


def message_requests(server, _, count):
    ((first,),) = server.psql("select count(*) from message where author_id is not null")
    return [(f"/v1/conversations/{seed_id(16, n)}/messages",
             token(server.secret(), seed_id(1, 1 + n % CUSTOMERS), seed_id(12, 1 + n % CUSTOMERS)),
             None, json.dumps({"client_id": f"{first} {n}", "text": "Is it still there in blue?"}))
            for n in range(count)]


REQUESTS = {"order": order_requests, "quote": quote_requests, "message": message_requests}


def read(server, requests):
    """{(role, text): [pages of a call, calls]} of these requests, and pages of a request."""
    server.psql("select pg_stat_statements_reset()")
    cost.post_all(server.port, requests)
    checkout.let_finish(server)
    found, pages = {}, 0
    for role, top, calls, blocks, text in server.psql(STATEMENTS):
        found[role, cost_counts.comparable(text)] = (int(blocks) / int(calls), int(calls), text)
        pages += int(blocks) if top == "t" else 0
    return found, pages / len(requests)


def of_template(template, products):
    """{kind of request: what read() gives}"""
    data, result = copy_of(template, "buffers"), {}
    cost.configure(data, SETTINGS)
    with Server(data, SEBEZ_PROCESSES=1) as server:
        server.psql("create extension pg_stat_statements")
        # Followers of events have read those of the seed.
        server.psql("update event_follower set tx = (select coalesce(max(tx), 0) from event)")
        for kind, make in REQUESTS.items():
            cost.post_all(server.port, make(server, products, WARM))
            result[kind] = read(server, make(server, products, COUNT))
    return result


def compare(small, large, products):
    """Of two templates: ({kind: pages of a request in the small and in the large one}, statements
    that read more)"""
    pages, bad = {}, []
    small, large = (of_template(template, products) for template in (small, large))
    for kind, (statements, whole) in large.items():
        before, whole_before = small[kind]
        pages[kind] = (whole_before, whole)
        for key, (blocks, calls, text) in statements.items():
            if key in before and calls > FEW and blocks > RATIO * before[key][0] + MORE:
                bad.append(f"{kind}: {before[key][0]:.0f} pages, in the larger database "
                           f"{blocks:.0f} ({calls} calls): {text[:200]}")
    return pages, bad
