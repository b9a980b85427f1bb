"""Push messages that wait, and whom they concern when they are sent."""
import contextlib
import socket
import threading

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import after  # noqa: E402
from harness import devices, providers, pushes  # noqa: E402
from harness.wait import until  # noqa: E402

SLOWER_S = 6  # than what was read holds


@pytest.fixture(scope="module")
def push():
    with pushes.sending() as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def quieten(push, customer, zone="UTC"):
    """From now on it is quiet for an hour or more."""
    hour = push.db.one("select extract(hour from now() at time zone %s)::int", zone)
    preferences = customer.do("getNotificationPreferences")
    customer.do("putNotificationPreferences", body=preferences | {
        "quiet_from": f"{(hour - 1) % 24:02}:00", "quiet_to": f"{(hour + 2) % 24:02}:00",
        "time_zone": zone})


def want_no_more(customer):
    preferences = customer.do("getNotificationPreferences")
    preferences["orders"]["push"] = False
    customer.do("putNotificationPreferences", body=preferences)


def is_postponed(push, customer):
    return push.db.rows(
        "select x.id from outbox x join notice n on n.id = x.subject_id where n.account_id = %s "
        "and x.due_at > now() + interval '59 minutes' and x.attempts = 0 "
        "and x.failed_with is null", customer.id)


def test_what_is_tried_again_in_quiet_hours_waits_for_their_end(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], providers.fcm_error("UNAVAILABLE"), providers.OK)
    push.tell(customer)
    until(lambda: push.failed(customer) == 1)
    quieten(push, customer)
    until(lambda: push.hurry() or is_postponed(push, customer))
    assert len(push.of(phone["address"])) == 1


def test_what_is_replayed_in_quiet_hours_waits_for_their_end(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    push.fake.script(phone["address"], providers.fcm_error("INVALID_ARGUMENT"), providers.OK)
    push.tell(customer)
    push.settled(customer)
    quieten(push, customer)
    push.shop.admin("operations").do("replayDeadLetters", body={"topic": "push_orders"})
    until(lambda: is_postponed(push, customer))
    assert len(push.of(phone["address"])) == 1


def test_a_time_zone_that_is_gone_from_the_database_stops_nobodys_notices(push):
    phone = devices.a_phone()
    customer = push.somebody(phone)
    quieten(push, customer, "Asia/Tokyo")
    push.db.rows("update notification_preference set time_zone = 'Atlantis/Deep' "
                 "where account_id = %s", customer.id)
    push.tell(customer)
    push.sent(phone["address"])


def forget_that_the_origin_works(push):
    """The next batch begins with one message, and the others wait for its answer."""
    phone = devices.a_phone()
    push.fake.script(phone["address"], providers.Lost(), providers.OK)
    customer = push.somebody(phone)
    push.tell(customer)
    until(lambda: push.failed(customer) == 1)


def test_who_does_not_want_it_any_more_gets_nothing_of_a_batch_that_takes_long(push):
    forget_that_the_origin_works(push)
    phones = [devices.a_phone(), devices.a_phone()]
    customer = push.somebody(*phones)
    for phone in phones:
        push.fake.script(phone["address"], providers.Answer(200, {}, after_s=SLOWER_S))
    push.tell(customer)
    push.fake.wait(lambda: any(push.of(phone["address"]) for phone in phones))
    want_no_more(customer)
    push.settled(customer)
    assert sorted(len(push.of(phone["address"])) for phone in phones) == [0, 1]


@contextlib.contextmanager
def silent_host():
    """(origin, its connections): it takes them, and answers nothing."""
    taken = []

    def take(listener):
        with contextlib.suppress(OSError):
            while True:
                taken.append(listener.accept()[0])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=take, args=(listener,), daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", taken
        listener.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def is_open(connection):
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while connection.recv(65536):
            pass
        return False
    return True


def test_a_host_that_never_answers_holds_up_no_other_of_its_queue(push):
    with silent_host() as (origin, taken):
        silent = [devices.a_browser(address=f"{origin}/{number}") for number in range(6)]
        browser, body = pushes.browser(push.fake)
        customer = push.somebody(*silent[:3], body, *silent[3:])
        push.tell(customer)
        push.sent(browser.endpoint)
        assert taken and all(map(is_open, taken)) and len(taken) == 1
        until(lambda: push.failed(customer) == len(silent))
    assert push.dead(customer) == []


def test_who_does_not_want_it_any_more_gets_nothing_of_halves_for_expo(push):
    phones = [devices.with_expo(), devices.with_expo()]
    customer = push.somebody(*phones)
    own = push.fake.expo
    asked = []

    def judge(request):
        if request.path.endswith("getReceipts"):
            return own(request)
        asked.append([message["to"] for message in request.json])
        if len(request.json) > 1:
            raise providers.Refused(providers.Answer(
                400, {"errors": [{"code": "VALIDATION_ERROR"}]}, after_s=SLOWER_S))
        return own(request)
    push.fake.expo = judge
    try:
        push.tell(customer)
        push.fake.wait(lambda: asked)
        want_no_more(customer)
        push.settled(customer)
    finally:
        del push.fake.expo
    assert asked == [asked[0]] and len(asked[0]) == 2
