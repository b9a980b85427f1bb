"""What an account wants to be told, where and when."""
import datetime as dt
import random
import zoneinfo

import pytest
from conftest import SEED
from harness.client import refused, together
from harness.devices import a_phone, registered
from harness.notices import followed, told
from harness.sub_orders import good

ON = {"push": True, "email": True, "in_app": True}
DEFAULTS = {"orders": ON, "chat": ON, "promotions": ON | {"push": False, "email": False},
            "system": ON, "receipts": {"email": True}, "quiet_from": None, "quiet_to": None,
            "time_zone": None, "email_digest": "at_once"}
QUIET = {"quiet_from": "22:00", "quiet_to": "07:00", "time_zone": "Europe/Paris"}


@pytest.fixture
def ada(shop):
    return shop.customer("Ada Byron")


def put(person, **more):
    return person.call("putNotificationPreferences", body=DEFAULTS | more)


def wanted(shop, person, klass, channel):
    return shop.db.one("select notice_wanted(%s, %s, %s)", person.id, klass, channel)


# -- setting them -------------------------------------------------------------------------------

def test_until_they_are_changed_all_is_wanted_but_promotions_by_push_and_mail(shop, ada):
    assert ada.do("getNotificationPreferences") == DEFAULTS
    for klass in ("orders", "chat", "promotions", "system"):
        for channel in ("push", "email", "in_app"):
            assert wanted(shop, ada, klass, channel) == DEFAULTS[klass][channel]
    assert wanted(shop, ada, "receipts", "email")


@pytest.mark.parametrize("klass,channel", [
    (klass, channel) for klass in ("orders", "chat", "promotions", "system")
    for channel in ("push", "email", "in_app") if (klass, channel) not in
    {("system", "email"), ("system", "in_app")}])
def test_each_channel_of_each_class_is_switched_by_itself(shop, ada, klass, channel):
    turned = not DEFAULTS[klass][channel]
    body = DEFAULTS | {klass: DEFAULTS[klass] | {channel: turned}}
    assert ada.do("putNotificationPreferences", body=body) == body
    assert ada.do("getNotificationPreferences") == body
    for each in ("orders", "chat", "promotions", "system"):
        for other in ("push", "email", "in_app"):
            assert wanted(shop, ada, each, other) == body[each][other]


def test_they_are_replaced_as_a_whole(shop, ada):
    good(put(ada, email_digest="daily", promotions=ON, **QUIET))
    assert ada.do("putNotificationPreferences", body=DEFAULTS) == DEFAULTS


@pytest.mark.parametrize("changed,field", [
    ({"system": ON | {"in_app": False}}, "/system/in_app"),
    ({"system": ON | {"email": False}}, "/system/email"),
    ({"receipts": {"email": False}}, "/receipts/email"),
    ({**QUIET, "quiet_from": None}, "/quiet_from"),
    ({**QUIET, "quiet_to": None}, "/quiet_to"),
    ({**QUIET, "quiet_to": "22:00"}, "/quiet_to"),
    ({**QUIET, "quiet_from": "24:00"}, "/quiet_from"),
    ({**QUIET, "quiet_from": "12:60"}, "/quiet_from"),
    ({**QUIET, "quiet_to": "7:000"}, "/quiet_to"),
    ({**QUIET, "quiet_to": "-1:00"}, "/quiet_to"),
    ({**QUIET, "time_zone": None}, "/time_zone"),
    ({"time_zone": "Mars/Olympus_Mons"}, "/time_zone"),
    ({"email_digest": "never"}, "/email_digest"),
])
def test_what_must_stay_on_or_makes_no_sense_is_refused_by_its_field(shop, ada, changed, field):
    refused(put(ada, **changed), 400, field=field)
    assert ada.do("getNotificationPreferences") == DEFAULTS


def test_receipts_need_not_be_named(shop, ada):
    body = {name: value for name, value in DEFAULTS.items() if name != "receipts"}
    assert ada.do("putNotificationPreferences", body=body) == DEFAULTS


def test_those_who_set_them_at_once_leave_one_of_what_they_wanted(shop, ada):
    digests = ["at_once", "hourly", "daily"] * 3
    answers = together(9, lambda i: put(ada, email_digest=digests[i]))
    assert {a.status_code for a in answers} == {200}
    assert ada.do("getNotificationPreferences")["email_digest"] in digests


def test_nobody_has_the_preferences_of_another(shop, ada):
    good(put(ada, email_digest="daily"))
    assert shop.customer().do("getNotificationPreferences") == DEFAULTS


# -- what they do -------------------------------------------------------------------------------

def test_what_is_not_wanted_in_the_app_is_not_listed(shop, ada):
    clay = shop.vendor()
    good(put(ada, orders=ON | {"in_app": False}))
    ada.order(clay.product())
    followed(shop.db)
    assert told(ada) == []
    good(put(ada))
    ada.order(clay.product())
    followed(shop.db)
    assert [notice["kind"] for notice in told(ada)] == ["order_placed"]


def test_the_time_zone_is_that_of_the_preferences_or_of_the_latest_device(shop, ada):
    def zone():
        return shop.db.one("select notice_time_zone(%s)", ada.id)
    assert zone() == "UTC"
    registered(ada, a_phone(time_zone="Asia/Tokyo"))
    registered(ada, a_phone(time_zone="Africa/Addis_Ababa"))
    registered(ada, a_phone())
    assert zone() == "Africa/Addis_Ababa"
    good(put(ada, time_zone="America/Lima"))
    assert zone() == "America/Lima"


# -- quiet hours --------------------------------------------------------------------------------

def clock(at, zone):
    return at.astimezone(zone).replace(tzinfo=None)


def until_in(zone, begin, end, at):
    """By its definition, minute by minute: the first instant at which clocks show the end, or, when
    they skip it, more; None when it is not quiet at that time."""
    now = clock(at, zone)
    inside = begin <= now.time() < end if begin < end else now.time() >= begin or now.time() < end
    if not inside:
        return None
    day = now.date() + dt.timedelta(days=now.time() >= end)
    ends = dt.datetime.combine(day, end)
    at = at.replace(second=0, microsecond=0)
    while clock(at, zone) < ends:
        at += dt.timedelta(minutes=1)
    return at


def quiet_until(shop, person, at):
    return shop.db.one("select quiet_until(%s, %s)", person.id, at)


def at_utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone.utc)


@pytest.mark.parametrize("zone,begin,end,at,ends", [
    ("Europe/Paris", "22:00", "07:00", "2026-01-10 20:59:59", None),
    ("Europe/Paris", "22:00", "07:00", "2026-01-10 21:00", "2026-01-11 06:00"),
    ("Europe/Paris", "22:00", "07:00", "2026-01-11 05:59:59", "2026-01-11 06:00"),
    ("Europe/Paris", "22:00", "07:00", "2026-01-11 06:00", None),
    ("Europe/Paris", "13:00", "14:30", "2026-07-01 11:30", "2026-07-01 12:30"),
    # Clocks are turned forward at 02:00 and back at 03:00.
    ("Europe/Paris", "22:00", "07:00", "2026-03-28 22:00", "2026-03-29 05:00"),
    ("Europe/Paris", "22:00", "02:30", "2026-03-28 22:00", "2026-03-29 01:00"),
    ("Europe/Paris", "22:00", "07:00", "2026-10-24 21:00", "2026-10-25 06:00"),
    ("Europe/Paris", "22:00", "02:30", "2026-10-24 21:00", "2026-10-25 00:30"),
    ("Australia/Lord_Howe", "22:00", "02:15", "2026-10-03 14:00", "2026-10-03 15:30"),
    ("Africa/Addis_Ababa", "22:00", "06:00", "2026-05-01 19:00", "2026-05-02 03:00"),
])
def test_quiet_hours_end_when_the_clock_of_the_account_says_so(shop, ada, zone, begin, end, at,
                                                              ends):
    good(put(ada, quiet_from=begin, quiet_to=end, time_zone=zone))
    assert quiet_until(shop, ada, at_utc(at)) == (ends and at_utc(ends))


def test_quiet_hours_agree_with_another_implementation(shop, ada):
    """At random times of random zones, many of them near the turn of a clock."""
    good(put(ada, **QUIET))
    chance = random.Random(SEED)
    known = shop.db.rows("select name from pg_timezone_names where name like '%/%' "
                         "and name !~ '^(posix|right)/' order by name")
    zones = sorted({row["name"] for row in known} & zoneinfo.available_timezones())
    turns = [at_utc(f"2026-{month}-{day} 00:00") for month, day in (
        ("03", "08"), ("03", "29"), ("04", "05"), ("10", "04"), ("10", "25"), ("11", "01"))]
    compared = 0
    for _ in range(600):
        zone = zoneinfo.ZoneInfo(chance.choice(zones))
        begin, end = (dt.time(m // 60, m % 60) for m in chance.sample(range(24 * 60), 2))
        at = chance.choice(turns) + dt.timedelta(seconds=chance.randrange(48 * 3600))
        shop.db.rows("update notification_preference set quiet_from = %s, quiet_to = %s, "
                     "time_zone = %s where account_id = %s", begin, end, zone.key, ada.id)
        expected = until_in(zone, begin, end, at)
        assert quiet_until(shop, ada, at) == expected, (zone.key, begin, end, at)
        compared += expected is not None
    assert compared > 100
