"""The history of push messages: people are told of orders and messages while they change their
minds, sign in and out, pass their phones on, get other addresses and leave; and while the process
that sends is killed and stopped, and providers lose answers, are down or slow. What was to be told
is acknowledged or a dead letter, is shown once, and nobody else is told.

    SEBEZ_TEST_SEED=7 pytest tests/wire/test_push_history.py          another history
    SEBEZ_TEST_DEEDS=3000 pytest tests/wire/test_push_history.py      the full size
"""
import asyncio
import os

import pytest

pytest.importorskip("h2", reason="python3-h2 is not installed")
from conftest import SEED, after  # noqa: E402
from harness import pushes  # noqa: E402
from harness.wait import until  # noqa: E402
from history.faults import Faults  # noqa: E402
from history.push_book import CATEGORIES, LOG, Book, read_log  # noqa: E402
from history.push_judge import Judge  # noqa: E402
from history.push_people import Moods, Person, Phone  # noqa: E402
from history.world import World  # noqa: E402
from test_leaving import due, state  # noqa: E402
from test_push_faults import end_leases, kill_jobs  # noqa: E402

DEEDS = int(os.environ.get("SEBEZ_TEST_DEEDS", "50"))
IS_FULL = DEEDS > 1000
PEOPLE, PHONES = (24, 30) if IS_FULL else (6, 9)
FAULTS = max(3, DEEDS // 50)
# The supervisor lets a process rest that has died often.
PAUSE_S = (0.3, 1.2) if FAULTS == 3 else (1.5, 5)
pytestmark = pytest.mark.plain


class Life:
    """All that happens."""

    def __init__(self, push):
        self.push, self.shop, self.db = push, push.shop, push.db
        self.fake, self.vendor, self.mug = push.fake, push.vendor, push.mug
        self.world = World(push.shop.server.port, SEED, CATEGORIES)
        self.book, self.leaving = Book(), []
        self.faults = Faults(self.world, push.shop.server, FAULTS, PAUSE_S,
                             ("kill jobs", "stop jobs", "kill jobs"))
        self.people = [Person(self, n) for n in range(PEOPLE)]
        self.phones = [Phone(self, n) for n in range(PHONES)]

    def may_leave(self):
        """Not before there is something to be told to who leaves."""
        return len(self.book.deeds) > DEEDS // 4

    async def nurse(self):
        """Attempts follow soon, those of killed processes too; and who left is erased."""
        killed = 0
        while not self.world.over:
            await asyncio.sleep(0.4)
            self.push.hurry()
            if killed < self.faults.done["kill jobs"]:
                killed = self.faults.done["kill jobs"]
                # Of who lives, too, which then settles what somebody else has leased again.
                end_leases(self.push, self.db.one("select clock_timestamp()"))
            for person in self.leaving:
                due(self.shop, person)

    async def go_on(self):
        async with asyncio.TaskGroup() as group:
            for each in self.people + self.phones:
                group.create_task(each.live())
            group.create_task(self.nurse())
            breaking = group.create_task(self.faults.run())
            while len(self.book.deeds) < DEEDS or not breaking.done():
                await asyncio.sleep(0.05)
            self.world.over = True

    def settle(self):
        """Once nothing is left to be sent: with good providers, and a process that knows of no
        failure."""
        self.push.followed()
        until(lambda: self.db.one("select count(*) = 0 from notice where due_at is not null"))
        kill_jobs(self.push)
        killed_at = self.db.one("select clock_timestamp()")
        until(lambda: self.push.hurry() or end_leases(self.push, killed_at) or self.db.one(
            "select count(*) = 0 from outbox where topic like 'push_%%'"))
        for person in self.leaving:
            until(lambda person=person: due(self.shop, person) or state(self.shop, person)[0][
                "begun"])

    def judge(self, moods):
        notices, rows = read_log(self.db.rows(
            "select what, at, notice::text, device::text, account::text, kind, class, talk, about, "
            "waits from push_log order by number"))
        dead = {(row["notice"], row["device"]): row["why"] for row in self.db.rows(
            "select subject_id::text as notice, payload ->> 'device_id' as device, why "
            "from dead_letter where topic like 'push_%%'")}
        sent = moods.sent()
        Judge(self.world, self.book, notices, rows, sent, dead).judge()
        print(f"seed {SEED}: {len(self.book.deeds)} deeds, {len(notices)} notices, {len(rows)} "
              f"rows, {len(sent)} requests, {len(dead)} dead letters; "
              f"{len(self.book.bans)} bans, {dict(self.world.did)}, {dict(self.faults.done)}")
        return rows, sent


@pytest.fixture
def life():
    print(f"seed {SEED}")
    with pushes.sending(SEBEZ_LIMITS="no") as push:
        push.db.rows(LOG)
        yield Life(push)
        bad = after(push.shop.server)
        assert not bad, "\n".join(bad)


def test_whatever_dies_each_is_told_once_and_nobody_who_does_not_want_it(life):
    moods = Moods(life.fake, SEED, slowest_s=20 if FAULTS > 3 else 0.8)
    asyncio.run(life.go_on())
    moods.good = True
    life.settle()
    rows, sent = life.judge(moods)
    found = [f"{category}: {text}" for category in CATEGORIES
             for text in life.world.wrong[category][:3]]
    assert not found, "\n".join(found)
    assert len(rows) > DEEDS / 10 and len(sent) > len(rows) / 2  # something has happened
