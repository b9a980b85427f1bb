#!/usr/bin/python3
"""How soon a provider is asked to push a chat message: from the end of the three seconds that it
waits, alone and while a campaign tells many people.

    bench/chat_push.py [MESSAGES [PEOPLE]]      default: 300 messages, a campaign of 100000

Messages of a vendor go to customers, 10 a second, each to another of 20. The time counts from three
seconds after that of the message's event, which is before its commit, until the request has come
to a fake of APNs in this process. The campaign goes to nginx, as FCM.
"""
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "wire"), str(ROOT / "bench")]
from harness import devices, providers, pushes  # noqa: E402
from harness.campaigns import Campaign  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.talk import Talk  # noqa: E402
from push_sink import people, sink, with_devices  # noqa: E402

MESSAGES, PEOPLE = [int(a) for a in sys.argv[1:] + ["300", "100000"][len(sys.argv) - 1:]]
TALKS, APART_S, WAIT_S = 20, 0.1, 3


def measure(name, server, fake, talks):
    fake.got.clear()
    began = server.db.one("select clock_timestamp()")
    for number in range(MESSAGES):
        due = time.monotonic() + APART_S
        assert talks[number % TALKS].answer(f"Message {number}").status_code == 201
        time.sleep(max(0, due - time.monotonic()))
    fake.wait(lambda: len([r for r in fake.got if r.provider == "apns"]) >= MESSAGES)
    ahead = time.time() - time.monotonic()
    came = {}
    for request in fake.got:
        data = request.json["data"]
        came.setdefault((data["conversation_id"], data["seq"]), request.at + ahead)
    rows = server.db.rows(
        "select e.payload ->> 'conversation_id' as id, (e.payload ->> 'seq')::int as seq, "
        "extract(epoch from e.at)::float as at from event e join account a on a.id = e.owner_id "
        "where e.kind = 'message_sent' and e.at >= %s", began)
    late = sorted(1000 * (came[row["id"], row["seq"]] - row["at"] - WAIT_S) for row in rows)
    assert len(late) == MESSAGES and late[0] >= 0, late[:3]
    print(f"{name}: p50 {late[len(late) // 2]:.1f} ms, p99 {late[len(late) * 99 // 100]:.1f} ms, "
          f"at most {late[-1]:.1f} ms", flush=True)


def tell_many(server, shop):
    people(server, PEOPLE)
    with_devices(server, provider="fcm", platform="android", kind="token", address="fcm:")
    server.db.rows("analyze")
    return Campaign(shop, per_minute=60000).scheduled()


def count(server, campaign):
    return server.db.one("select sent_a + sent_b from campaign where id = %s", campaign.id)


def main():
    with sink() as (origin, settings), providers.fake() as fake, pushes.credentials(fake) as given:
        mine = {name: value for name, value in given.items() if name.startswith("APNS")}
        server = Server(**settings | mine, SEBEZ_PROCESSES=1)
        with open(settings["SEBEZ_CA_FILE"], "a") as authorities:
            authorities.write(fake.ca_file.read_text())
        try:
            server.start()
            shop = Shop(server)
            vendor = shop.vendor()
            talks = [Talk(shop, vendor) for _ in range(TALKS)]
            for talk in talks:
                devices.registered(talk.customer, devices.an_iphone())
            measure("alone", server, fake, talks)
            campaign = tell_many(server, shop)
            told = count(server, campaign)
            measure(f"beside a campaign of {PEOPLE}", server, fake, talks)
            print(f"the campaign told {count(server, campaign) - told} meanwhile; "
                  f"{server.db.one(WAITING)} of its messages wait")
        finally:
            server.remove()


WAITING = "select count(*) from outbox where topic = 'push_promotions'"
main()
