"""The feed: what happened reaches whom it concerns, in order, once, whatever dies in between."""
import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time

import pytest
import requests
from harness.client import Actor, refused, together
from harness.shop import Shop, fresh
from history.faults import command

SOON = 15  # seconds; the most that anything is waited for, never a measure


class Device:
    """Somebody who follows a feed: a cursor, and what it has seen."""

    def __init__(self, actor, **path):
        self.actor = actor
        self.path = path
        self.operation = "getVendorEvents" if path else "getEvents"
        self.sync = actor.do("getVendorSync" if path else "getSync", **path)
        self.cursor = self.sync["cursor"]
        self.events = []
        self.resyncs = 0

    def poll(self, wait=0, **arguments):
        page = self.actor.do(self.operation, after=self.cursor, wait=wait, **self.path, **arguments)
        self.take(page["items"])
        self.cursor = page["cursor"]
        self.resyncs += page["resync"]
        return page

    def take(self, items):
        for event in items:
            if self.events:
                assert event["number"] == self.events[-1]["number"] + 1, "a gap"
            self.events.append(event)

    def until(self, count):
        """Polls until so many events were seen, and no more are there."""
        end = time.monotonic() + SOON
        while len(self.events) < count and time.monotonic() < end:
            try:
                self.poll(wait=1, may_fail=True)
            except (AssertionError, requests.RequestException):
                time.sleep(0.1)  # whom it asked has died
        assert len(self.events) == count, self.kinds()
        return self.events

    def kinds(self):
        return [event["kind"] for event in self.events]


class Stream:
    """Server-sent events, read by a thread."""

    def __init__(self, device, last_id=None):
        self.events, self.ids, self.passing = [], [], []
        self.ended = threading.Event()
        headers = {"Accept": "text/event-stream",
                   "Authorization": f"Bearer {device.actor.access_token}"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection = http.client.HTTPConnection("127.0.0.1", device.actor.server.port,
                                                     timeout=60)
        self.connection.request("GET", f"/v1/events?after={device.cursor}", headers=headers)
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            kind = None
            for line in self.response:
                line = line.decode().rstrip("\n")
                if line.startswith("id: "):
                    self.ids.append(line[4:])
                elif line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    where = self.passing if kind == "passing" else self.events
                    where.append(json.loads(line[6:]))
                elif not line:
                    kind = None
        except (OSError, http.client.HTTPException):
            pass
        self.ended.set()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def until(self, count):
        end = time.monotonic() + SOON
        while len(self.events) < count and time.monotonic() < end:
            time.sleep(0.01)
        assert len(self.events) == count, self.events
        return self.events


def in_background(call):
    """Starts call() in a thread; the function that it returns waits for its result."""
    result = []

    def run():
        try:
            result.append(call())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait():
        thread.join(60)
        assert result, "it did not come back"
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    wait.is_over = lambda: bool(result)
    return wait


def statements(server, role):
    """How many statements all api processes have sent in a role's connections."""
    found = [float(line.rsplit(" ", 1)[1])
             for line in requests.get(server.url + "/metrics", timeout=10).text.splitlines()
             if line.startswith("sebez_pool_statements{") and f'role="sebez_{role}"' in line]
    assert found, f"there is no role {role}"
    return sum(found)


def members(server, role="api"):
    """Pids of the processes of a role."""
    found = []
    for pid in server.family():
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().startswith(f"sebez {role}"):
                    found.append(pid)
        except OSError:
            pass
    return found


# -- events and their order -----------------------------------------------------------------------

def test_an_order_is_told_to_its_customer_and_to_each_vendor(shop):
    clay, iron, customer = shop.vendor(), shop.vendor(), shop.customer()
    mug, pan = clay.product(), iron.product()
    me, potter = Device(customer), Device(clay.owner, vendor_id=clay.id)
    order = customer.order(mug, pan)
    (placed,) = me.until(1)
    assert placed["kind"] == "order_placed"
    assert placed["payload"]["order_id"] == order["id"]
    assert [s["id"] for s in placed["payload"]["sub_orders"]] == \
        [s["id"] for s in order["sub_orders"]]
    (new,) = potter.until(1)
    assert (new["kind"], new["payload"]["id"]) == ("sub_order_changed", clay.part(order)["id"])
    assert new["payload"]["status"] == "placed"


def test_each_step_of_a_sub_order_is_told_to_both_sides(shop):
    customer, product = shop.customer(), shop.product()
    me, seller = Device(customer), Device(product.vendor.owner, vendor_id=product.vendor.id)
    order = customer.order(product)
    assert product.vendor.accept(order).status_code == 200
    assert product.vendor.ship(order).status_code == 200
    customer.do("confirmDelivery", sub_order_id=order["sub_orders"][0]["id"], body={})  # cash
    steps = ["placed", "accepted", "shipped", "delivered"]
    assert [e["payload"]["status"] for e in seller.until(4)] == steps
    me.until(5)
    assert [e["payload"]["status"] for e in me.events if e["kind"] == "sub_order_changed"] == \
        steps[1:]
    assert me.kinds().count("payment_received") == 1


def test_a_received_payment_is_told(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    order = customer.order(product, method="manual")
    shop.admin().do("markPaymentReceived", order_id=order["id"], body={})
    me.until(3)
    assert me.kinds() == ["order_placed", "payment_received", "sub_order_changed"]


def test_a_vendor_learns_that_it_was_suspended_and_reinstated(shop):
    vendor = shop.vendor()
    device = Device(vendor.owner, vendor_id=vendor.id)
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    shop.admin().do("reinstateVendor", vendor_id=vendor.id, body={})
    assert [e["payload"]["status"] for e in device.until(2)] == ["suspended", "approved"]


def test_a_vendor_learns_once_that_something_runs_low(shop):
    vendor, customer = shop.vendor(), shop.customer()
    product = vendor.product(stock=7)
    device = Device(vendor.owner, vendor_id=vendor.id)
    for _ in range(3):
        customer.order(product)
    low = [e["payload"] for e in device.until(4) if e["kind"] == "low_stock"]
    assert [(e["variant_id"], e["available"]) for e in low] == [(product.variant, 5)]


def test_numbers_have_no_gap_when_many_write_at_once(shop):
    vendor = shop.vendor()
    product = vendor.product(stock=1000)
    device = Device(vendor.owner, vendor_id=vendor.id)
    customers = [shop.customer() for _ in range(6)]
    together(6, lambda i: [customers[i].order(product) for _ in range(4)])
    device.until(24)
    rows = shop.db.rows("select number, at from event where owner_id = %s order by number",
                        vendor.id)
    assert [r["number"] for r in rows] == list(range(rows[0]["number"], rows[-1]["number"] + 1))
    assert [r["at"] for r in rows] == sorted(r["at"] for r in rows)


def test_what_is_rolled_back_is_never_told(shop):
    customer, product = shop.customer(), shop.product(stock=1)
    me = Device(customer)
    order = customer.order(product)
    refused(customer.call("confirmDelivery", sub_order_id=order["sub_orders"][0]["id"], body={}),
            409)
    me.until(1)
    assert me.poll()["items"] == []


# -- cursors --------------------------------------------------------------------------------------

def test_a_cursor_resumes_page_by_page(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    start = me.cursor
    for _ in range(5):
        customer.order(product)
    me.until(5)
    again = Device(customer)
    again.cursor = start
    sizes = []
    while True:
        items = again.poll(limit=2)["items"]
        if not items:
            break
        sizes.append(len(items))
    assert sizes == [2, 2, 1]
    assert again.events == me.events


def test_a_poll_without_a_cursor_says_resync_and_where_now_is(shop):
    customer, product = shop.customer(), shop.product()
    customer.order(product)
    page = customer.do("getEvents")
    assert (page["items"], page["resync"]) == ([], True)
    page = customer.do("getEvents", after=page["cursor"])
    assert (page["items"], page["resync"]) == ([], False)


def test_a_cursor_of_another_feed_is_refused(shop):
    mine, other = Device(shop.customer()), Device(shop.customer())
    refused(mine.actor.call("getEvents", after=other.cursor), 400, "invalid_input", "?after")
    refused(mine.actor.call("getEvents", after="nonsense"), 400, "invalid_input", "?after")
    refused(mine.actor.call("getEvents", headers={"Last-Event-ID": "nonsense"}), 400,
            "invalid_input", "Last-Event-ID")


def test_a_cursor_behind_the_retention_resyncs_and_never_gets_a_part(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    for _ in range(3):
        customer.order(product)
    late = Device(customer)
    late.cursor = me.cursor
    me.until(3)
    shop.db.rows("delete from event where owner_id = %s and number <= %s", customer.id,
                 me.events[0]["number"])
    shop.server.redis().flushall()
    # Whatever a process still remembers may be told; what nobody remembers is a resync.
    page = late.poll()
    assert page["resync"] and page["items"] == [] or len(page["items"]) == 3
    customer.order(product)
    assert len(late.poll(wait=5)["items"]) == 1


def test_what_the_retention_has_torn_is_a_resync_too(shop):
    """Old events are removed some at a time, and not in their order."""
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    for _ in range(3):
        customer.order(product)
    shop.db.rows("update event set at = at - interval '31 days' where owner_id = %s", customer.id)
    shop.db.rows("delete from event where owner_id = %s and number = 2", customer.id)
    shop.server.redis().flushall()
    page = me.poll()
    assert (page["items"], page["resync"]) == ([], True)


def test_another_epoch_resyncs_everybody_and_goes_on(own_server):
    shop = Shop(own_server())
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    customer.order(product)
    me.until(1)
    waiting = in_background(lambda: me.poll(wait=30))
    shop.db.rows("update feed_epoch set epoch = epoch + 1")
    assert waiting()["resync"]
    customer.order(product)
    assert [e["kind"] for e in me.poll(wait=5)["items"]] == ["order_placed"]


# -- waiting --------------------------------------------------------------------------------------

def test_polls_that_wait_are_woken_in_every_process(shop):
    customer, product = shop.customer(), shop.product()
    devices = [Device(customer) for _ in range(8)]
    waiting = [in_background(lambda device=device: device.poll(wait=50)) for device in devices]
    time.sleep(0.5)
    customer.order(product)
    pages = [wait() for wait in waiting]
    assert all([e["kind"] for e in page["items"]] == ["order_placed"] for page in pages)


def test_a_poll_that_waited_for_nothing_answers_where_it_was(shop):
    me = Device(shop.customer())
    before = me.cursor
    page = me.poll(wait=1)
    assert (page["items"], page["cursor"], page["resync"]) == ([], before, False)


def test_a_connection_goes_on_after_polls_that_waited(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    connection = http.client.HTTPConnection("127.0.0.1", shop.server.port, timeout=60)
    connection.connect()
    begun_as = connection.sock.getsockname()
    numbers = []
    for wait in (0, 1, 50, 1, 50):
        if wait == 50:
            timer = threading.Timer(0.5, customer.order, (product,))
            timer.start()
        connection.request("GET", f"/v1/events?wait={wait}&after={me.cursor}",
                           headers={"Authorization": f"Bearer {customer.access_token}"})
        response = connection.getresponse()
        page = json.loads(response.read())
        assert response.status == 200 and not response.will_close and not page["resync"]
        assert bool(page["items"]) == (wait == 50)
        numbers += [event["number"] for event in page["items"]]
        me.cursor = page["cursor"]
    timer.join()
    assert connection.sock.getsockname() == begun_as
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    connection.close()


def test_an_empty_poll_costs_no_statement(shop):
    me = Device(shop.customer())
    for _ in range(8):  # until every process knows the feed
        me.poll()
    time.sleep(1.5)
    before = statements(shop.server, "customer")
    assert before, "what was asked until now was not counted"
    for _ in range(50):
        me.poll()
    time.sleep(1.5)
    assert statements(shop.server, "customer") == before


def test_more_polls_than_a_feed_may_have_are_told_to_come_back(shop):
    me = Device(shop.customer())
    waits = [in_background(lambda: me.actor.call("getEvents", after=me.cursor, wait=4,
                                                 may_fail=True)) for _ in range(540)]
    answers = [wait() for wait in waits]
    busy = [a for a in answers if a.status_code == 503]
    assert busy and all(int(a.headers["Retry-After"]) >= 1 for a in busy)
    assert {a.status_code for a in answers} == {200, 503}


# -- streams --------------------------------------------------------------------------------------

def test_a_stream_tells_the_same_events_and_resumes_at_its_last_id(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    stream = Stream(me)
    customer.order(product)
    customer.order(product)
    first = stream.until(2)
    stream.close()
    customer.order(product)
    again = Stream(me, last_id=stream.ids[0])
    assert again.until(2)[0] == first[1]
    assert [e["number"] for e in again.events] == [first[1]["number"], first[1]["number"] + 1]
    again.close()
    assert me.until(3)[:2] == first


# -- permissions ----------------------------------------------------------------------------------

def test_the_end_of_a_session_ends_its_polls_and_streams_at_once(shop):
    me = Device(shop.customer())
    waiting = in_background(lambda: me.poll(wait=50))
    stream = Stream(me)
    time.sleep(0.3)
    me.actor.do("logout")
    assert waiting()["items"] == []
    assert stream.ended.wait(SOON)
    refused(me.actor.call("getEvents", after=me.cursor), 401)


def test_staff_who_are_removed_are_let_go(shop):
    vendor = shop.vendor()
    person = vendor.staff("support")
    device = Device(person, vendor_id=vendor.id)
    device.poll()
    waiting = in_background(lambda: device.poll(wait=50))
    time.sleep(0.3)
    vendor.do("removeStaff", user_id=person.id)
    assert waiting()["items"] == []
    refused(person.call("getVendorEvents", vendor_id=vendor.id, after=device.cursor), 404)


def test_a_locked_account_is_let_go(shop):
    me = Device(shop.customer())
    waiting = in_background(lambda: me.poll(wait=50))
    time.sleep(0.3)
    shop.admin().do("lockUser", user_id=me.actor.id, body={"reason": "A test"})
    assert waiting()["items"] == []
    assert me.actor.call("getEvents", after=me.cursor).status_code in (401, 403)


def test_nobody_hears_of_somebody_else(shop):
    mine, other = Device(shop.customer()), Device(shop.customer())
    vendor = shop.vendor()
    other.actor.order(vendor.product())
    other.until(1)
    assert mine.poll(wait=1)["items"] == []
    refused(mine.actor.call("getVendorEvents", vendor_id=vendor.id), 404)
    refused(mine.actor.call("getVendorSync", vendor_id=vendor.id), 404)


# -- old state + events = fresh state -------------------------------------------------------------

def is_open(part):
    return part["status"] not in ("completed", "cancelled")


def fold_customer(state, events):
    orders = {o["order_id"]: {**o, "sub_orders": {s["id"]: s for s in o["sub_orders"]}}
              for o in state["orders"]}
    for event in events:
        payload = event["payload"]
        if event["kind"] == "order_placed":
            orders[payload["order_id"]] = {
                **payload, "paid": False,
                "sub_orders": {s["id"]: s for s in payload["sub_orders"]}}
        elif event["kind"] == "sub_order_changed" and payload["order_id"] in orders:
            parts = orders[payload["order_id"]]["sub_orders"]
            if payload["version"] >= parts[payload["id"]]["version"]:
                parts[payload["id"]] = payload
        elif event["kind"] == "payment_received" and payload["order_id"] in orders:
            orders[payload["order_id"]]["paid"] = True
    return sorted(({**o, "sub_orders": sorted(o["sub_orders"].values(), key=lambda s: s["number"])}
                   for o in orders.values() if any(map(is_open, o["sub_orders"].values()))),
                  key=lambda o: o["order_id"])


def fold_vendor(state, events):
    parts = {s["id"]: s for s in state["sub_orders"]}
    status = state["status"]
    for event in events:
        payload = event["payload"]
        if event["kind"] == "sub_order_changed":
            parts[payload["id"]] = payload
        elif event["kind"] == "vendor_status_changed":
            status = payload["status"]
    return {"status": status, "sub_orders": sorted(filter(is_open, parts.values()),
                                                   key=lambda s: s["number"])}


def fold_conversations(state, events, side):
    """By id. What a client keeps of chat; conversations that are new to it are read."""
    talks = {c["conversation_id"]: c for c in json.loads(json.dumps(state["conversations"]))}
    for event in events:
        payload, kind = event["payload"], event["kind"]
        if kind == "block_changed":
            for talk in talks.values():
                if payload["vendor_id" if side == "customer" else "customer_id"] == (
                        talk["vendor_id"] if side == "customer" else talk["customer"]["id"]):
                    talk["blocked"][payload["side"]] = payload["blocked"]
        talk = talks.get(payload.get("conversation_id"))
        if talk is None:
            continue
        last = talk["last_message"]
        is_last = last is not None and last["seq"] == payload.get("seq")
        if kind == "message_sent":
            talk["last_seq"] = payload["seq"]
            talk["unread"] += payload["author"] not in (
                (side, "system") if side == "vendor" else (side,))
            talk["last_message"] = {name: payload[name] for name in (
                "seq", "author", "kind", "text", "created_at", "deleted_at")}
        elif kind == "message_edited" and is_last:
            last["text"] = payload["text"]
        elif kind == "message_deleted":
            talk["unread"] -= payload["author"] not in (
                (side, "system") if side == "vendor" else (side,)) \
                and payload["seq"] > talk["read"][side]
            if is_last:
                last.update(text="", deleted_at=payload["deleted_at"])
        elif kind in ("message_delivered", "message_read"):
            marks = ["delivered"] + ["read"] * (kind == "message_read")
            for mark in marks:
                talk[mark][payload["side"]] = max(talk[mark][payload["side"]], payload["seq"])
            talk["unread"] = payload.get("unread", talk["unread"])
        elif kind == "conversation_closed":
            talk["status"] = "closed"
        elif kind == "conversation_reopened":
            talk["status"] = "open"
        elif kind == "conversation_assigned":
            talk["staff_id"] = payload["staff_id"]
    return talks


def test_old_state_and_events_make_the_fresh_state(shop):
    vendor, other, customer = shop.vendor(), shop.vendor(), shop.customer()
    mug, pan = vendor.product(stock=50), other.product(stock=50)
    kept = customer.order(mug)
    me, seller = Device(customer), Device(vendor.owner, vendor_id=vendor.id)
    assert vendor.accept(kept).status_code == 200
    both = customer.order((mug, 3), pan, method="manual")
    shop.admin().do("markPaymentReceived", order_id=both["id"], body={})
    part = vendor.part(both)
    vendor.cancel(both, lines=[{"line_id": part["lines"][0]["id"], "quantity": 1}])
    gone = customer.order(mug)
    customer.do("cancelOrder", order_id=gone["id"], body={})
    unpaid = customer.order(mug, method="manual")
    shipped = customer.order((mug, 38))
    assert vendor.accept(shipped).status_code == 200
    assert vendor.ship(shipped).status_code == 200
    halfway = customer.order(mug, pan)
    for each in (vendor, other):
        assert each.accept(halfway).status_code == 200
        assert each.ship(halfway).status_code == 200
    customer.do("confirmDelivery", sub_order_id=part_of(halfway, vendor), body={})
    customer.do("confirmDelivery", sub_order_id=part_of(halfway, other), body={})
    shop.admin().do("suspendVendor", vendor_id=vendor.id, body={"reason": "A test"})
    assert unpaid
    settle(me), settle(seller)
    assert fold_customer(me.sync, me.events) == customer.do("getSync")["orders"]
    fresh = vendor.do("getVendorSync")
    del fresh["cursor"], fresh["conversations"]
    assert fold_vendor(seller.sync, seller.events) == fresh


def until_waiting(db, count):
    """Until so many statements wait for a lock."""
    end = time.monotonic() + SOON
    while db.one("select count(distinct pid) from pg_locks where not granted") < count:
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.02)


def test_a_sync_and_its_cursor_are_of_the_same_moment(shop):
    vendor, customer = shop.vendor(), shop.customer()
    talk = customer.do("openConversation", body={"vendor_id": vendor.id})
    connection = shop.db.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute("lock table shop_order in access exclusive mode")
        reading = in_background(lambda: Device(customer))
        until_waiting(shop.db, 1)
        vendor.do("sendVendorMessage", conversation_id=talk["id"],
                  body={"client_id": "between", "text": "Between position and data"})
    finally:
        connection.rollback()
        connection.close()
    me = reading()
    me.poll()
    (there,) = me.sync["conversations"]
    assert there["last_seq"] + me.kinds().count("message_sent") == 1
    assert there["unread"] + me.kinds().count("message_sent") == 1


def part_of(order, vendor):
    return vendor.part(order)["id"]


def settle(device):
    """Polls until nothing is left."""
    while device.poll(wait=2)["items"]:
        pass


# -- what dies ------------------------------------------------------------------------------------

def test_the_feed_goes_on_when_redis_is_emptied(shop):
    customer, product = shop.customer(), shop.product()
    me = Device(customer)
    customer.order(product)
    shop.server.redis().flushall()
    customer.order(product)
    me.until(2)


@pytest.fixture
def broken(own_server):
    """A shop of its own, to break."""
    return Shop(own_server())


def pid_of_redis(server):
    return int(server.redis().info("server")["process_id"])


def test_the_feed_goes_on_without_redis_and_when_it_is_back(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(4)]
    os.kill(pid_of_redis(broken.server), signal.SIGKILL)
    waiting = [in_background(lambda device=d: device.poll(wait=30)) for d in devices]
    customer.order(product)
    assert all(len(wait()["items"]) == 1 for wait in waiting)
    for n in range(2, 6):
        customer.order(product)
        for device in devices:
            device.until(n)


def test_a_redis_that_hangs_costs_no_event(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(4)]
    pid = pid_of_redis(broken.server)
    os.kill(pid, signal.SIGSTOP)
    try:
        waiting = [in_background(lambda device=d: device.poll(wait=30)) for d in devices]
        customer.order(product)
        assert all(len(wait()["items"]) == 1 for wait in waiting)
    finally:
        os.kill(pid, signal.SIGCONT)
    customer.order(product)
    for device in devices:
        device.until(2)


def test_a_process_that_has_not_heard_of_an_event_does_not_say_resync(broken):
    """Whom one process has told comes to another one, before Redis or the sweep have told that."""
    customer, product = broken.customer(), broken.product()
    lines = [Device(customer) for _ in range(8)]
    for line in lines:
        line.actor = broken_off(customer)
    for line in lines * 2:
        line.poll()
    pid = pid_of_redis(broken.server)
    os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(4):
            customer.order(product)
            ahead = lines[0]
            while not ahead.poll()["items"]:
                pass
            for line in lines:
                page = line.actor.do("getEvents", after=ahead.cursor)
                assert (page["items"], page["resync"]) == ([], False)
    finally:
        os.kill(pid, signal.SIGCONT)


def pids_of(server, word):
    """Of the server's processes whose command has this word."""
    return [pid for pid in server.family() if word in command(pid)]


def next_transaction(db):
    return int(db.one("select pg_snapshot_xmax(pg_current_snapshot())::text"))


def test_transactions_whose_numbers_come_again_after_a_crash_hide_no_event(broken):
    """What was rolled back just before a crash is not in the log, and its numbers come again: below
    what the sweeps have seen already."""
    customer, db = broken.customer(), broken.db
    talk = customer.do("openConversation", body={"vendor_id": broken.vendor().id})
    devices = [Device(customer) for _ in range(8)]
    for device in devices:
        device.actor = broken_off(customer)
    for device in devices * 2:
        device.poll()
    time.sleep(2)  # until nothing is left to be written
    waiting = [in_background(lambda device=d: device.poll(wait=40)) for d in devices]
    stopped = [pid_of_redis(broken.server), *pids_of(broken.server, "walwriter")]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        for _ in range(1000):
            db.rows("begin")
            db.rows("select pg_current_xact_id()")
            db.rows("rollback")
        before = next_transaction(db)
        time.sleep(1.5)  # some sweeps
        stopped.append(members(broken.server)[0])
        os.kill(stopped[-1], signal.SIGSTOP)
        (postmaster,) = pids_of(broken.server, " -D ")
        os.kill(postmaster, signal.SIGKILL)
        os.kill(stopped[1], signal.SIGKILL)
        db.close()
        speaker = until_one_answers(customer)
        assert next_transaction(db) < before - 500, "the numbers did not come again"
        speaker.do("sendMessage", conversation_id=talk["id"],
                   body={"client_id": "low", "text": "A low number"})
        os.kill(stopped[-1], signal.SIGCONT)
        pages = [wait() for wait in waiting]
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert [len(page["items"]) for page in pages] == [1] * len(devices)


def until_one_answers(actor):
    """On a connection of its own, to a process that runs and has its database."""
    end = time.monotonic() + 2 * SOON
    while True:
        other = broken_off(actor)
        try:
            other.do("getUnread", may_fail=True, timeout=1)
            return other
        except (AssertionError, requests.RequestException):
            assert time.monotonic() < end, "nobody answers"
            time.sleep(0.1)


def broken_off(actor):
    """The same session on a connection of its own."""
    other = Actor(actor.server, actor.name)
    other.access_token = actor.access_token
    return other


def order_whatever_dies(customer, product):
    """The same order until it is acknowledged."""
    key = fresh("key")
    end = time.monotonic() + SOON
    while True:
        try:
            response = customer.cart(product).place(key=key, may_fail=True)
            if response.status_code == 201:
                return
        except (AssertionError, requests.RequestException):
            pass
        assert time.monotonic() < end
        time.sleep(0.05)


def test_another_process_goes_on_where_one_died(broken):
    customer, product = broken.customer(), broken.product()
    devices = [Device(customer) for _ in range(6)]
    for n in range(1, 4):
        waiting = [in_background(lambda device=d, n=n: device.until(n)) for d in devices]
        time.sleep(0.3)
        os.kill(members(broken.server)[0], signal.SIGKILL)
        order_whatever_dies(customer, product)
        for wait in waiting:
            wait()
    assert all(d.events == devices[0].events and not d.resyncs for d in devices)


def test_a_reload_and_a_stop_answer_everybody_who_waits(broken):
    devices = [Device(broken.customer()) for _ in range(6)]
    waiting = [in_background(lambda device=d: device.poll(wait=50)) for d in devices]
    time.sleep(0.5)
    broken.server.process.send_signal(signal.SIGHUP)
    pages = [wait() for wait in waiting]
    assert all(page["items"] == [] and not page["resync"] for page in pages)
    assert all(page["cursor"] == d.sync["cursor"] for page, d in zip(pages, devices))
