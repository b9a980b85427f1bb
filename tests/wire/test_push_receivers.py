"""Push messages: who gets nothing, whatever was to be sent."""
import json

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from harness import devices, providers  # noqa: E402
from harness.pushes import data_of  # noqa: E402
from harness.talk import Talk  # noqa: E402
from harness.wait import until  # noqa: E402


@pytest.fixture(autouse=True)
def own_answers(push):
    push.fake.scripts.clear()


@pytest.fixture
def held(push):
    """(customer, phone, what lets the message go): its row is there, and not due."""
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.db.rows("create or replace function hold() returns trigger language plpgsql as "
                 "'begin new.due_at := now() + interval ''1 hour''; return new; end'")
    push.db.rows("create trigger hold before insert on outbox for each row execute function hold()")
    try:
        push.tell(customer)
        push.followed()
        until(lambda: push.waiting(customer) == 1)
    finally:
        push.db.rows("drop trigger hold on outbox")

    def let_go():
        push.db.rows("update outbox x set due_at = now() from notice n where n.id = x.subject_id "
                     "and n.account_id = %s", customer.id)
        push.settled(customer)
    return customer, phone, let_go


def test_what_is_held_is_sent_when_it_is_due(push, held):
    customer, phone, let_go = held
    let_go()
    assert len(push.of(phone["address"])) == 1


def test_nothing_is_sent_to_who_has_signed_out(push, held):
    customer, phone, let_go = held
    customer.do("logout")
    let_go()
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_of_what_was_read(push, held):
    customer, phone, let_go = held
    newest = customer.do("listNotifications")["items"][0]["id"]
    customer.do("readNotifications", body={"up_to": newest})
    let_go()
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_to_who_does_not_want_it_any_more(push, held):
    customer, phone, let_go = held
    preferences = customer.do("getNotificationPreferences")
    preferences["orders"]["push"] = False
    customer.do("putNotificationPreferences", body=preferences)
    let_go()
    assert push.of(phone["address"]) == []
    push.tell(customer)
    push.followed()
    assert push.waiting(customer) == 0


def test_what_is_told_in_quiet_hours_waits_for_their_end(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    hour = push.db.one("select extract(hour from now() at time zone 'UTC')::int")
    preferences = customer.do("getNotificationPreferences")
    customer.do("putNotificationPreferences", body=preferences | {
        "quiet_from": f"{(hour - 1) % 24:02}:00", "quiet_to": f"{(hour + 2) % 24:02}:00",
        "time_zone": "UTC"})
    push.tell(customer)
    push.followed()
    (row,) = push.db.rows(
        "select x.due_at > now() + interval '59 minutes' as waits, x.attempts from outbox x "
        "join notice n on n.id = x.subject_id where n.account_id = %s "
        "and x.topic like 'push_%%'", customer.id)
    assert row == {"waits": True, "attempts": 0}
    assert push.of(phone["address"]) == []


def test_nothing_is_sent_to_a_locked_account(push, held):
    customer, phone, let_go = held
    push.shop.admin("support").do("lockUser", user_id=customer.id, body={"reason": "A test"})
    let_go()
    assert push.of(phone["address"]) == []


def test_only_the_account_that_has_the_address_now_is_told(push, held):
    customer, phone, let_go = held
    other = push.somebody(phone)
    let_go()
    assert push.of(phone["address"]) == []
    order = push.tell(other)
    (request,) = push.sent(phone["address"])
    assert data_of(request)["link"] == f"/orders/{order['id']}"


def test_a_device_that_has_another_address_gets_the_message_there(push):
    phone, iphone, id = devices.a_phone(), devices.an_iphone(), devices.device_id()
    customer = push.somebody()
    devices.registered(customer, phone, id)
    push.fake.script(phone["address"], providers.fcm_error("UNAVAILABLE"))
    push.tell(customer)
    push.fake.wait(lambda: push.of(phone["address"]))
    devices.registered(customer, iphone, id)
    until(lambda: push.hurry() or push.waiting(customer) == 0)
    assert len(push.sent(iphone["address"])) == 1


def test_nothing_is_pushed_of_a_message_that_a_device_has(push):
    talk = Talk(push.shop, push.vendor)
    phone = devices.a_phone()
    devices.registered(talk.customer, phone)
    first, second = talk.answer(), talk.answer()
    talk.of_customer("markRead", body={"seq": first.json()["seq"]})
    (request,) = push.sent(phone["address"])
    assert json.loads(data_of(request)["data"])["seq"] == second.json()["seq"]
    push.settled(talk.customer)
    assert len(push.of(phone["address"])) == 1


def no_longer_awaited(push, person):
    """What waits for a device to have it is pushed now."""
    push.followed()
    push.db.rows("update notice set due_at = now() where account_id = %s and due_at > now()",
                 person.id)
    until(lambda: not push.db.one("select exists (select from notice where account_id = %s "
                                  "and due_at is not null)", person.id))
    push.settled(person)


def test_nothing_is_pushed_of_a_conversation_that_was_muted(push):
    talk = Talk(push.shop, push.vendor)
    phone = devices.a_phone()
    devices.registered(talk.customer, phone)
    talk.of_customer("muteConversation", body={"until": None})
    talk.answer()
    order = push.tell(talk.customer)  # is told after the message, if that was
    no_longer_awaited(push, talk.customer)
    assert [data_of(r)["link"] for r in push.of(phone["address"])] == [f"/orders/{order['id']}"]


def test_the_badge_of_staff_has_the_inboxes_that_they_read(push):
    clay, mill, wood = push.vendor, push.shop.vendor(), push.shop.vendor()
    clerk, phone = mill.staff("support"), devices.a_phone()
    push.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, 'manager'), "
                 "(%s, %s, 'finance')", clay.id, clerk.id, wood.id, clerk.id)
    talks = [Talk(push.shop, vendor) for vendor in (clay, mill, mill, wood)]
    own = Talk(push.shop, wood, customer=clerk)  # who buys there, too
    for talk in [*talks, talks[1]]:
        assert talk.ask().status_code == 201
    assert own.answer().status_code == 201
    talks[2].of_vendor("markVendorRead", body={"seq": 1})  # by a colleague
    push.followed()
    devices.registered(clerk, phone)
    assert talks[0].ask().status_code == 201
    facts = data_of(push.sent(phone["address"])[0])
    assert facts["kind"] == "message_from_customer"
    inboxes = [clerk.do("getVendorUnread", vendor_id=vendor.id)["messages"]
               for vendor in (clay, mill)]
    others = clerk.do("getUnread")["messages"], clerk.do("listNotifications")["unread"]
    assert int(facts["badge"]) == sum(inboxes) + sum(others)
    assert inboxes[1] == 2 and others[0] == 1


def test_staff_without_the_demanded_second_factor_are_told_nothing_of_the_vendor(push):
    vendor, phone = push.shop.vendor(), devices.a_phone()
    push.followed()  # before there is somebody to tell of the new vendor
    clerk = vendor.staff("support")
    devices.registered(clerk, phone)
    inbox = Talk(push.shop, vendor)
    own = Talk(push.shop, push.vendor, customer=clerk)  # who buys elsewhere
    push.db.rows("insert into two_factor_grace values (%s, now() + interval '1 day')",
                 push.vendor.owner.id)
    push.db.rows("update platform set two_factor_staff_since = now(), two_factor_grace_days = 0")
    try:
        told = []
        for lacks, change in (
                ("any", None),
                ("this session's", "insert into totp (account_id, secret, confirmed_at) "
                                   "values (%s, '\\x00', now())"),
                (None, "update session set second_factor_at = now() where account_id = %s")):
            if change:
                push.db.rows(change, clerk.id)
            assert inbox.ask().status_code == 201
            no_longer_awaited(push, clerk)
            assert own.answer().status_code == 201
            no_longer_awaited(push, clerk)
            told.append((lacks, [(data_of(r)["kind"], data_of(r)["badge"])
                                 for r in push.of(phone["address"])]))
            with push.fake.changed:
                push.fake.got.clear()
    finally:
        push.db.rows("update platform set two_factor_staff_since = null, "
                     "two_factor_grace_days = 14")
    assert told == [("any", [("message_from_vendor", "1")]),
                    ("this session's", [("message_from_vendor", "2")]),
                    (None, [("message_from_customer", "5"), ("message_from_vendor", "6")])]
