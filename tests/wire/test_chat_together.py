"""Messages that arrive at the same time go in one transaction, each under its own session."""
import contextlib

import pytest
import requests
from harness.feed import in_background, until_waiting
from harness.shop import Shop
from harness.talk import Talk
from harness.wait import until

ROLES = -1  # all of them
RULES = "allow allow allow"


def fibers(server):
    text = requests.get(server.url + "/metrics", timeout=20).text
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("sebez_fibers{"))


def test_what_arrives_meanwhile_goes_in_one_transaction(own_server):
    shop = Shop(own_server(SEBEZ_PROCESSES=1))
    first, *others = [Talk(shop) for _ in range(6)]
    blocker = shop.db.connect()
    blocker.autocommit = False
    with blocker.cursor() as cursor:
        cursor.execute("select from feed where owner_id = %s for update", (first.vendor.id,))
        waiting = [in_background(first.ask)]
        until_waiting(shop.db, 1)
        before = fibers(shop.server)
        waiting += [in_background(talk.ask) for talk in others]
        until(lambda: fibers(shop.server) >= before + len(others))
    blocker.rollback()
    blocker.close()
    assert [wait().status_code for wait in waiting] == [201] * 6
    ids = [talk.id for talk in others]
    assert shop.db.one("select count(distinct xmin::text) from message where conversation_id = any "
                       "(%s::uuid[])", ids) == 1
    assert all(talk.seqs() == [1] for talk in (first, *others))


@pytest.fixture(scope="module")
def talk(shop):
    return Talk(shop)


@pytest.fixture
def send(talk):
    """What the database sends of one message, with `given` instead of what is right."""
    db = talk.shop.db

    def session(account):
        return db.one("select id from session where account_id = %s and ended_at is null", account)

    def run(side="customer", before="select", **given):
        author = talk.customer.id if side == "customer" else talk.vendor.owner.id
        fields = {"author": author, "session": None,
                  "vendor": None if side == "customer" else talk.vendor.id, "roles": ROLES,
                  "conversation": talk.id, "id": db.one("select gen_random_uuid()"),
                  "client": "new", "digest": None, "said": "Is it?", "reply": None, "rules": RULES,
                  **given}
        fields["session"] = fields["session"] or session(fields["author"])
        connection = db.connect()
        with contextlib.closing(connection), connection.cursor() as cursor:
            connection.autocommit = False
            cursor.execute(before)
            cursor.execute("set local role sebez_jobs")
            cursor.execute(
                "select text from messages_send(%(side)s, %(rules)s, array[%(author)s]::uuid[], "
                "array[%(session)s]::uuid[], array[%(vendor)s]::uuid[], array[%(roles)s]::int[], "
                "array[%(conversation)s]::uuid[], array[%(id)s]::uuid[], array[%(client)s], "
                "array[%(digest)s]::uuid[], array[%(said)s], "
                "array[%(reply)s]::int[])", {**fields, "side": side})
            sent = cursor.fetchall()
            connection.rollback()
        return sent

    run.session = session
    return run


@pytest.mark.parametrize("side", ["customer", "vendor"])
def test_a_plain_message_is_sent_with_others(send, side):
    assert send(side) == [("Is it?",)]


def test_a_message_goes_only_where_its_author_is_a_side(talk, send):
    other = Talk(talk.shop)
    assert send(conversation=other.id) == []
    assert send("vendor", conversation=other.id) == []
    assert send("vendor", vendor=other.vendor.id, conversation=other.id) == []
    assert send("vendor", author=talk.customer.id) == []


def test_a_message_needs_a_live_session_of_its_author(talk, send):
    other = send.session(talk.shop.customer().id)
    assert send(session=other) == []
    for what in ("ended_at = now()", "expires_at = now()"):
        assert send(before=f"update session set {what} where account_id = '{talk.customer.id}'"
                    ) == []
    assert send(before="update account set locked_at = now() "
                f"where id = '{talk.customer.id}'") == []


def test_a_message_of_staff_needs_a_role_that_may(send):
    assert send("vendor", roles=0) == []


@pytest.mark.parametrize("before", [
    "update conversation set state = 'closed' where id = %(talk)s",
    "insert into chat_block (vendor_id, account_id, side, by_account) "
    "values (%(vendor)s, %(customer)s, 'vendor', %(customer)s)",
    "update platform set chat_phone = 'hold'"])
def test_what_needs_more_than_the_message_goes_alone(talk, send, before):
    ids = {"talk": talk.id, "vendor": talk.vendor.id, "customer": talk.customer.id}
    assert send(before=before % {name: f"'{value}'" for name, value in ids.items()}) == []


def test_what_was_sent_before_or_answers_what_is_not_there_goes_alone(talk, send):
    talk.ask(client_id="known")
    assert send(client="known") == []
    assert send(reply=1000) == []
    assert send("vendor") == []  # an answer whose time counts
