"""Orders that arrive at the same time go in one transaction, each under its own session and key."""
import contextlib

import pytest
import requests
from conftest import serving
from harness.feed import in_background, until_waiting
from harness.shop import Shop, fresh, refused
from harness.wait import until

pytestmark = pytest.mark.plain


@pytest.fixture(scope="module")
def shop():
    with serving(SEBEZ_PROCESSES=1) as server:
        yield Shop(server)


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def of_customers(shop, metric):
    """A figure of the connections by which customers' requests reach the database."""
    text = requests.get(shop.server.url + "/metrics", timeout=20).text
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith(f"sebez_pool_{metric}{{") and '"sebez_customer"' in line)


@contextlib.contextmanager
def held(shop, customer):
    """What writes this customer's next order waits, with the cart but not for a lock, for the end
    of the block."""
    shop.db.rows("create table held (account_id uuid)")
    shop.db.rows("grant select on held to public")
    shop.db.rows("insert into held values (%s)", customer.id)
    shop.db.rows(
        "create function hold() returns trigger language plpgsql as $$ begin "
        "while exists (select from held h where h.account_id = new.account_id) loop "
        "perform pg_sleep(0.01); end loop; return new; end $$")
    shop.db.rows("create trigger hold before insert on order_line for each row "
                 "execute function hold()")
    try:
        yield
    finally:
        shop.db.rows("delete from held")
        shop.db.rows("drop trigger hold on order_line")
        shop.db.rows("drop function hold")
        shop.db.rows("drop table held")


def until_held(shop):
    until(lambda: shop.db.one("select exists (select from pg_stat_activity "
                              "where wait_event = 'PgSleep')"))


@contextlib.contextmanager
def one_under_way(shop):
    """While an order is being written: what arrives then waits for the end of the block."""
    customer = shop.customer()
    first = customer.cart(shop.product())
    with held(shop, customer):
        waiting = in_background(first.place)
        until_held(shop)
        yield
    assert waiting().status_code == 201


def placed_meanwhile(shop, carts, meanwhile=lambda: None, key=lambda i: fresh("key")):
    with one_under_way(shop):
        before = of_customers(shop, "batches_total")
        answers = [in_background(lambda cart=cart, i=i: cart.place(key=key(i), may_fail=True))
                   for i, cart in enumerate(carts)]
        # Each has sent and got the statements that read its cart.
        until(lambda: of_customers(shop, "batches_total") >= before + len(carts)
              and of_customers(shop, "in_flight") == 0)
        meanwhile()
    return [answer() for answer in answers]


def transactions(shop, answers):
    ids = [answer.json()["id"] for answer in answers]
    return shop.db.one("select count(distinct xmin::text) from shop_order where id = any "
                       "(%s::uuid[])", ids)


def test_what_arrives_meanwhile_is_placed_in_one_transaction(shop):
    mug, pan = shop.product(stock=20), shop.product(stock=20)
    customers = [shop.customer() for _ in range(5)]
    answers = placed_meanwhile(shop, [customer.cart(mug, (pan, 2)) for customer in customers])
    assert [answer.status_code for answer in answers] == [201] * 5
    assert transactions(shop, answers) == 1
    assert (mug.available, pan.available) == (15, 10)
    for customer, answer in zip(customers, answers):
        assert customer.see(answer.json()) == answer.json()
        assert answer.headers["location"] == f"/v1/orders/{answer.json()['id']}"


def test_each_customer_and_vendor_is_told_of_their_own(shop):
    vendors = [shop.vendor() for _ in range(3)]
    customers = [shop.customer() for _ in range(3)]
    carts = [customer.cart(vendor.product()) for customer, vendor in zip(customers, vendors)]
    answers = placed_meanwhile(shop, carts)
    assert transactions(shop, answers) == 1
    for customer, vendor, answer in zip(customers, vendors, answers):
        order = answer.json()
        told = shop.db.rows("select kind, payload ->> 'order_id' as id from event "
                            "where owner_id in (%s, %s) and kind <> 'vendor_status_changed' "
                            "order by kind", customer.id, vendor.id)
        assert told == [{"kind": "order_placed", "id": order["id"]},
                        {"kind": "sub_order_changed", "id": order["id"]}]


def test_a_repetition_gets_the_stored_answer(shop):
    carts = [shop.customer().cart(shop.product()) for _ in range(3)]
    keys = [fresh("key") for _ in carts]
    answers = placed_meanwhile(shop, carts, key=lambda i: keys[i])
    assert transactions(shop, answers) == 1
    for cart, key, answer in zip(carts, keys, answers):
        again = cart.place(key=key)
        assert (again.status_code, again.content) == (201, answer.content)
        assert again.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("change, code", [
    ("update session set ended_at = now() where account_id = %s", "unauthenticated"),
    ("update account set locked_at = now() where id = %s", "account_locked"),
    ("update cart set version = version + 1 where account_id = %s and state = 'open'", None)])
def test_an_order_that_needs_more_fails_or_succeeds_alone(shop, change, code):
    mug = shop.product(stock=20)
    customers = [shop.customer() for _ in range(4)]
    answers = placed_meanwhile(shop, [customer.cart(mug) for customer in customers],
                               lambda: shop.db.rows(change, customers[2].id))
    alone = answers.pop(2)
    assert [answer.status_code for answer in answers] == [201] * 3
    assert transactions(shop, answers) == 1
    assert alone.status_code == 201 if code is None else alone.json()["code"] == code
    assert mug.available == (16 if code is None else 17)


def test_when_stock_does_not_suffice_for_all_each_gets_its_own_answer(shop):
    rare, mug = shop.product(stock=2), shop.product(stock=20)
    carts = [shop.customer().cart(mug, *[rare][:i % 2]) for i in range(8)]
    answers = placed_meanwhile(shop, carts)
    for_rare = [answer for i, answer in enumerate(answers) if i % 2]
    assert sorted(answer.status_code for answer in for_rare) == [201, 201, 409, 409]
    assert {a.json()["code"] for a in for_rare if a.status_code == 409} == {"out_of_stock"}
    assert [answer.status_code for i, answer in enumerate(answers) if not i % 2] == [201] * 4
    assert (rare.available, mug.available) == (0, 14)


def test_nobody_pays_a_price_that_changed_while_others_pay_the_new_one(shop):
    mug = shop.product(price=1000, stock=20)
    pan = shop.product(stock=20)

    def change():
        shop.db.rows("update variant set price = 1100 where id = %s", mug.variant)
        shop.db.rows("select refresh_products(array[%s]::uuid[])", mug.id)

    old = shop.customer().cart(mug)
    answers = placed_meanwhile(shop, [old, shop.customer().cart(pan)], change)
    refused(answers[0], 409, "quote_changed")
    assert answers[1].status_code == 201
    assert (mug.available, pan.available) == (20, 19)


@contextlib.contextmanager
def locked(shop, product):
    """While an import or an edit has the variant."""
    with contextlib.closing(shop.db.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("select from variant where id = %s for no key update", (product.variant,))
        yield
        cursor.execute("rollback")


def not_done_together(shop):
    text = requests.get(shop.server.url + "/metrics", timeout=20).text
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("sebez_together_total{") and 'outcome="failed"' in line)


def open_all_connections(shop):
    """Those that requests of customers share. While one alone is open, a statement is sent behind
    what waits for a lock."""
    customer = shop.customer()

    def are_open():
        for answer in [in_background(lambda: customer.do("getCart")) for _ in range(8)]:
            answer()
        return of_customers(shop, "connections") >= 4  # SEBEZ_DB_CONNECTIONS

    until(are_open)


def test_an_order_that_waits_for_a_lock_delays_no_order_of_something_else(own_server):
    # Nothing ends by itself while the test waits for an answer.
    shop = Shop(own_server(SEBEZ_PROCESSES=1, SEBEZ_REQUEST_TIMEOUT_MS=120_000,
                           SEBEZ_STATEMENT_TIMEOUT_MS=120_000))
    mug, pan = shop.product(stock=20), shop.product(stock=20)
    open_all_connections(shop)
    failed = not_done_together(shop)
    with locked(shop, mug):
        waiting = in_background(shop.customer().cart(mug).place)
        until_waiting(shop.db, 1)
        others = [in_background(shop.customer().cart(pan).place) for _ in range(3)]
        assert [other().status_code for other in others] == [201] * 3
        assert not waiting.is_over()
    assert waiting().status_code == 201
    assert (mug.available, pan.available) == (19, 17)
    until(lambda: not_done_together(shop) > failed)
    assert "not done together" in shop.server.log.read_text()


def test_a_repetition_in_another_process_waits_for_the_cart_without_the_key(own_server):
    shop = Shop(own_server(SEBEZ_PROCESSES=2))
    customer, key = shop.customer(), fresh("key")
    cart = customer.cart(shop.product())
    with held(shop, customer):
        answers = [in_background(lambda: cart.place(key=key))]
        until_held(shop)
        # Some of so many connections lead to the other process.
        answers += [in_background(lambda: cart.place(key=key)) for _ in range(16)]
        until_waiting(shop.db, 1)
        with contextlib.closing(shop.db.connect()) as other, other.cursor() as cursor:
            cursor.execute("begin")
            cursor.execute("set local lock_timeout = '1s'")
            cursor.execute("insert into idempotency_key (scope, key, operation, request_hash, "
                           "status) values ('customer:' || %s, %s, 'placeOrder', '', 204)",
                           (customer.id, key))
            cursor.execute("rollback")
    answers = [answer() for answer in answers]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
