"""One effect and one answer for each Idempotency-Key, whatever happens in between."""
import contextlib
import os
import pathlib
import random
import signal
import socket
import threading

import pytest

from harness.server import folder, free_port
from harness.shop import ADDRESS, Shop, fresh, money, refused, together
from harness.wait import PATIENCE_S, locked, until
from test_failover import KEY, Forwarder, an_order_that_waits
from test_faults import VICTIMS, victim_of


def replayed(response):
    return "Idempotent-Replayed" in response.headers


def waiting(server):
    return server.db.one("select count(*) from pg_locks where not granted")


@pytest.mark.parametrize("processes", ("1", "2"))
def test_requests_with_the_same_key_wait_for_the_first_and_get_its_answer(own_server, processes):
    server = own_server(SEBEZ_PROCESSES=processes)
    shop = Shop(server)
    mug = shop.product(stock=10)
    customer = shop.customer()
    cart, key = customer.cart((mug, 2)), fresh("key")
    answers = []
    with locked(server, "select from variant where id = %s for update", mug.variant):
        crowd = threading.Thread(
            target=lambda: answers.extend(together(12, lambda: cart.place(key=key))))
        crowd.start()
        until(lambda: waiting(server))
    crowd.join()
    assert {a.status_code for a in answers} == {201} and len({a.content for a in answers}) == 1
    assert sorted(map(replayed, answers)) == [False] + 11 * [True]
    assert mug.available == 8 and len(customer.all("listOrders")) == 1


def test_a_key_belongs_to_its_account(shop):
    mug = shop.product(stock=10)
    key = fresh("key")
    first, second = shop.customer(), shop.customer()
    orders = [who.cart(mug).place(key=key) for who in (first, second)]
    assert [o.status_code for o in orders] == [201, 201] and not any(map(replayed, orders))
    assert orders[0].json()["id"] != orders[1].json()["id"]


def test_a_refusal_leaves_the_key_free(shop):
    mug = shop.product(stock=1)
    customer = shop.customer()
    cart, key = customer.cart(mug), fresh("key")
    mug.vendor.do("setVariantStock", variant_id=mug.variant, body={"available": 0})
    refused(cart.place(key=key), 409, "out_of_stock")
    mug.vendor.do("setVariantStock", variant_id=mug.variant, body={"available": 1})
    placed = cart.place(key=key)
    assert placed.status_code == 201 and not replayed(placed)


def test_a_used_key_is_refused_to_another_request_that_would_fail_or_succeed(shop):
    mug, lamp = shop.product(price=1000), shop.product(price=2000)
    customer = shop.customer()
    key = fresh("key")
    assert customer.cart(mug).place(key=key).status_code == 201
    refused(customer.cart().place(key=key, total=money(5)), 422, "idempotency_key_reused")
    refused(customer.cart(lamp).place(key=key), 422, "idempotency_key_reused")
    refused(customer.call("createAddress", body=ADDRESS, key=key), 422, "idempotency_key_reused")
    assert len(customer.all("listOrders")) == 1 and customer.do("listAddresses")["items"] == []



def test_a_later_cart_does_not_change_the_answer_to_a_repeated_order(shop):
    mug = shop.product(stock=10)
    customer = shop.customer()
    key = fresh("key")
    first = customer.cart(mug).place(key=key)
    again = customer.cart(mug).place(key=key)
    assert again.content == first.content and replayed(again)
    assert len(customer.all("listOrders")) == 1 and mug.available == 9


def test_a_repetition_of_each_way_to_answer_has_one_effect(talk):
    """A row of the transaction, a row of a batch, no body."""
    customer, vendor = talk.customer, talk.vendor
    message = talk.ask("Is it blue?").json()
    report = {"conversation_id": talk.id, "message_id": message["id"],
              "body": {"reason": "spam"}}
    for who, operation, arguments in (
            (customer, "createAddress", {"body": ADDRESS}),
            (vendor, "createNote", {"conversation_id": talk.id, "body": {"text": "Likes blue"}}),
            (vendor, "reportVendorMessage", report)):
        key = fresh("key")
        answers = [who.call(operation, key=key, **arguments) for _ in range(3)]
        assert {a.status_code for a in answers} == {201}
        assert len({a.content for a in answers}) == 1
        assert [replayed(a) for a in answers] == [False, True, True]
    assert len(customer.do("listAddresses")["items"]) == 1
    decide = {"report_id": answers[0].json()["id"], "body": {"decision": "dismiss"}}
    key = fresh("key")
    answers = [talk.shop.admin().call("decideReport", key=key, **decide) for _ in range(2)]
    assert [(a.status_code, replayed(a)) for a in answers] == [(204, False), (204, True)]


def test_the_answer_is_kept_with_the_effect_or_neither_is(shop):
    customer = shop.customer()
    with locked(shop.server, "lock idempotency_key"):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            customer.call("createAddress", body=ADDRESS, key="one", may_fail=True)))
        thread.start()
        until(lambda: waiting(shop.server))
        assert customer.do("listAddresses")["items"] == []
    thread.join()
    assert [a.status_code for a in answers] == [201]
    assert len(customer.do("listAddresses")["items"]) == 1


def test_a_key_whose_process_died_is_free_at_once(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    shop = Shop(server)
    mug = shop.product(stock=10)
    customer = shop.customer()
    cart, key = customer.cart((mug, 2)), fresh("key")
    with an_order_that_waits(server, cart, key, mug) as answers:
        os.kill(victim_of(server, VICTIMS["api"], random), signal.SIGKILL)
        server.wait_ready()
    assert answers != [201]
    again = cart.place(key=key)  # waits for what the first has left, whether that commits or not
    assert again.status_code == 201, again.text
    assert mug.available == 8 and len(customer.all("listOrders")) == 1


class Cutter(Forwarder):
    """Loses the connection at the first batch that inserts an order, and delivers it later."""

    def __init__(self, address, port, path):
        self.cut = threading.Event()
        self.deliver = threading.Event()
        super().__init__(address, port, path)

    def copy(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if b"orders_insert" in data and not self.cut.is_set():
                    self.cut.set()
                    source.shutdown(socket.SHUT_WR)
                    self.deliver.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def sessions(shop):
    """Of the jobs role, which places orders together; one goes when its last batch has run."""
    return {row["pid"] for row in shop.db.rows(
        "select pid from pg_stat_activity where usename = 'sebez_jobs'")}


def test_an_order_that_was_reported_lost_is_not_placed_when_it_arrives_later(own_server):
    first = own_server(SEBEZ_SECRET=KEY)
    port = free_port()
    (path,) = pathlib.Path(first.db.folder).glob(".s.PGSQL.*[0-9]")
    with folder(SEBEZ_SECRET=KEY, SEBEZ_CACHE="no", SEBEZ_PROCESSES="1",
                REDIS_URL=f"unix:{first.db.folder}/redis.sock",
                DATABASE_URL=f"host=127.0.0.1 port={port} user=sebez_super dbname=sebez") as second:
        cutter = Cutter("127.0.0.1", port, str(path))
        second.start()
        goods = Shop(first).product(stock=10)
        customer = Shop(second).customer()
        cart, key = customer.cart((goods, 2)), fresh("key")
        lost = cart.place(key=key, may_fail=True)
        assert cutter.cut.is_set()
        refused(lost, 503, "unavailable")
        assert lost.json()["detail"] == "The database connection was lost; nothing was changed."
        before = sessions(Shop(first))
        cutter.deliver.set()
        until(lambda: before - sessions(Shop(first)))
        assert goods.available == 10 and customer.all("listOrders") == []
        again = cart.place(key=key)
        assert again.status_code == 201 and not replayed(again)
        assert goods.available == 8 and len(customer.all("listOrders")) == 1
