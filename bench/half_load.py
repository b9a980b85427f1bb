"""Latency at half of the highest rate: of orders, quotes, cart writes and messages.

The highest rate is that of requests sent as fast as they are answered. At half of it requests are
sent at fixed times, whether the server keeps up or not, and latency counts from those times."""
import itertools
import json

import checkout
import feed
import feed_send
from place import CUSTOMERS, RUNS, SECONDS, Server, copy_of, median, say, seed_id, token

CONNECTIONS = (16, 64)
CARTS = min(CUSTOMERS, 5000)  # that are quoted and written to
PEOPLE = min(CUSTOMERS, 4000)  # who wait for messages


def measure(port, lines, after=lambda sent: None):
    """`lines` gives what feed_sender reads, anew for each turn."""
    found = {connections: [] for connections in CONNECTIONS}
    for turn in range(-1, min(RUNS, 3)):  # the first one warms up
        for connections in CONNECTIONS:
            sent, seconds = feed_send.send(port, lines(), connections)
            after(sent)
            if turn >= 0:
                found[connections].append(len(sent) / seconds)
    rates = {connections: median(runs) for connections, runs in found.items()}
    rate = max(rates.values())
    turns = []
    for _ in range(RUNS):
        sent, _ = feed_send.send(port, lines(), 64, rate / 2)
        after(sent)
        turns.append(feed_send.latency_of(sent))
    say(f"  {rate:.0f}/s, at half of it: "
        + ", ".join(f"p50 {turn['p50_ms']:.1f} p99 {turn['p99_ms']:.1f} ms" for turn in turns))
    return {"rate": rate, "rates": rates, **feed_send.of_turns(turns),
            "p99_turns": [turn["p99_ms"] for turn in turns]}


def order_lines(server, products, count=None):
    orders = checkout.orders_of(server, checkout.fill(server, count or checkout.CARTS, products))
    return [f"{own} /v1/orders POST {key} {checkout.body(total)}"
            for own, total, key in (line.split() for line in orders)]


def cart_tokens(server, products):
    secret = server.secret()
    return [token(secret, account, session)
            for account, session, _ in checkout.fill(server, CARTS, products)]


def write_lines(tokens, products, quantities):
    body = json.dumps({"quantity": 1 + next(quantities) % 9})
    return [f"{own} /v1/cart/lines/{seed_id(5, 2 * (1 + n * 37 % products))} PUT - {body}"
            for n, own in enumerate(tokens)]


def half_load(template, products):
    result = {"seconds": SECONDS}
    with Server(copy_of(template, "run")) as server:
        say("  orders")
        result["order"] = measure(server.port, lambda: order_lines(server, products))
        tokens = cart_tokens(server, products)
        say("  quotes")
        quote = json.dumps({"shipping_address": checkout.ADDRESS})
        quotes = [f"{own} /v1/cart/quote POST - {quote}" for own in tokens]
        result["quote"] = measure(server.port, lambda: quotes)
        say("  cart writes")
        quantities = itertools.count()
        result["cart_write"] = measure(server.port,
                                       lambda: write_lines(tokens, products, quantities))
    say("  messages")
    with feed.fresh(template.parent) as server:
        crowd = feed_send.crowd(server, PEOPLE)
        with feed.Clients(server.port, crowd.lines, ramp=1000) as clients:
            clients.wait_parked()
            result["message"] = measure(server.port, lambda: crowd.targets,
                                        lambda sent: feed_send.delivered(clients, sent, 2))
    return result
