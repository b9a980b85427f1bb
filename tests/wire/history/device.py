"""A device: follows a feed by polls and streams, loses its connection, sleeps, comes back; and
keeps a state by the events alone."""
import asyncio

from .state import Contradiction, State, lasting
from .wire import Line, Lost
from .world import number_of

SETTLE_S = 60


class Device:
    def __init__(self, person, name):
        self.world = person.world
        self.person = person
        self.owner = person.owner
        self.name = f"{self.owner.side} {self.owner.id} {name}"
        self.dice = self.world.dice(name)
        self.streams = self.dice.random() < 0.4  # prefers them
        self.line = Line(self.world.port)
        self.cursor = self.state = self.number = None
        self.begun_at = None  # number of its first sync
        self.checks = []  # (number, sync): what the state must be there
        self.compared = self.events = 0

    def wrong(self, category, text):
        self.world.is_wrong(category, f"{self.name}: {text}"[:2000])

    async def sync(self):
        return await self.person.stubborn("GET", self.owner.base + "/sync", line=self.line)

    async def begin(self):
        first = await self.sync()
        self.state = State(self.owner.side, first)
        self.cursor = first["cursor"]
        self.number = self.begun_at = number_of(self.cursor)
        self.owner.devices.append(self)

    # -- events -------------------------------------------------------------------------------

    def take(self, event):
        number = event["number"]
        if number <= self.number:
            return self.wrong("shown twice", f"{number} after {self.number}")
        if number != self.number + 1:
            self.wrong("undetected gaps", f"{number} after {self.number}")
        known = self.owner.log.setdefault(number, event)
        if known is not event and lasting(known) != lasting(event):
            self.wrong("reordered", f"{event} was {known}")
        self.compare()
        self.number = number
        self.events += 1
        try:
            self.state.apply(known)
        except Contradiction as error:
            self.wrong(*error.args)
        except (KeyError, TypeError, AttributeError) as error:
            self.wrong("states that differ", f"{error!r} at {event}")

    def overhear(self, event):
        """Told in passing: nothing that is counted, but it must be this side's affair."""
        payload = event["payload"]
        if self.owner.side == "customer" and payload["conversation_id"] not in self.state.talks:
            self.wrong("leaked", f"{event}")
        if payload["side"] == self.owner.side:
            self.wrong("leaked", f"its own {event}")

    def compare(self):
        """With the syncs that were taken where it is now."""
        for check in [c for c in self.checks if c[0] == self.number]:
            self.checks.remove(check)
            self.compared += 1
            # What was taken back since is in no event any more: only the newest state has its text.
            for bad in self.state.differs(check[1], with_texts=False):
                self.wrong("states that differ", f"at {self.number}: {bad}")

    async def look_around(self):
        """Another sync, to compare with when the events have come so far."""
        sync = await self.sync()
        if number_of(sync["cursor"]) >= self.number:
            self.checks.append((number_of(sync["cursor"]), sync))
        else:
            self.wrong("lost", f"sync is at {number_of(sync['cursor'])}, events at {self.number}")

    def resync(self, where):
        self.wrong("lost", f"resync at {self.number}, {where}")

    async def poll(self, wait_s=0, cut_s=None, limit=100):
        path = f"{self.owner.base}/events?after={self.cursor}&wait={wait_s}&limit={limit}"
        status, page = await self.person.ask("GET", path, line=self.line, cut_s=cut_s,
                                             patience_s=wait_s * 1.1 + 5)
        if status != 200:
            if status < 500 and status != 401:
                self.wrong("refused", f"{path}: {status} {page}")
            raise Lost(f"{status} {page}")
        if page["resync"]:
            self.resync(page)
        for event in page["items"]:
            self.take(event)
        for event in page["passing"]:
            self.overhear(event)
        if number_of(page["cursor"]) != self.number:
            self.wrong("undetected gaps", f"cursor {number_of(page['cursor'])} at {self.number}")
        self.cursor = page["cursor"]
        return page["items"]

    async def acknowledge(self):
        """What a stream has told is here: a poll says it by itself."""
        status, answer = await self.person.ask("PUT", self.owner.base + "/events/delivered",
                                               {"cursor": self.cursor}, line=self.line)
        if status >= 300:
            if status < 500 and status != 401:
                self.wrong("refused", f"delivered {self.cursor}: {status} {answer}")
            raise Lost(f"{status} {answer}")

    async def stream(self, for_s):
        last_id = None
        if self.dice.random() < 0.5:
            path, last_id = self.owner.base + "/events", self.cursor
        else:
            path = f"{self.owner.base}/events?after={self.cursor}"
        line = Line(self.world.port)  # a stream ends with its connection
        try:
            async with asyncio.timeout(for_s):
                async for cursor, event, data in line.stream(path, self.person.token, last_id):
                    if isinstance(cursor, int):
                        raise Lost(f"{cursor} {data}")
                    if event == "resync":
                        self.resync("in a stream")
                        continue
                    if event == "passing":
                        self.overhear(data)
                        continue
                    self.take(data)
                    self.cursor = cursor
                    if self.dice.random() < 0.05:
                        await self.acknowledge()
        except TimeoutError:
            pass
        finally:
            line.close()

    # -- living -------------------------------------------------------------------------------

    async def live(self):
        while not self.world.over:
            try:
                await self.live_on()
            except Lost:
                self.world.lost += 1
                await asyncio.sleep(self.dice.uniform(0, 0.3))

    async def live_on(self):
        chance = self.dice.random()
        if chance < 0.02:
            await asyncio.sleep(self.dice.uniform(0, 4))  # in a tunnel
        elif chance < 0.04:
            await self.look_around()
        elif self.streams and chance < 0.5:
            await self.stream(self.dice.uniform(0.2, 15))
        elif chance < 0.58:
            await self.poll(self.dice.randint(0, 20), cut_s=self.dice.uniform(0, 1))
        else:
            await self.poll(self.dice.choice((0, 1, 10, 25)), limit=self.dice.randint(1, 100))
            await asyncio.sleep(self.dice.choice((0, 0, 0.05, 0.3)))

    async def settle(self):
        """Polls to the end, and compares its state with a fresh one there."""
        async with asyncio.timeout(SETTLE_S):
            await self.look_around()
            while self.checks:
                self.compare()
                try:
                    await self.poll(wait_s=1)
                except Lost:
                    await asyncio.sleep(0.2)
