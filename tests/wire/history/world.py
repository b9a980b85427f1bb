"""Who there is, what they have done, and what was found wrong."""
import asyncio
import base64
import collections
import dataclasses
import random
import time

from .wire import Line, Lost

CATEGORIES = ("lost", "reordered", "shown twice", "undetected gaps", "unread drift",
              "receipts that went back", "states that differ", "leaked", "refused")
STUBBORN_S = 120  # something is asked again for so long, then the server has not come back


def number_of(cursor):
    """The number in a cursor: version, epoch, number, hash of the owner."""
    return int.from_bytes(base64.urlsafe_b64decode(cursor + "==")[9:17], "big")


@dataclasses.dataclass
class Sent:
    """A message as its sender knows it."""
    talk: "Talk"
    side: str
    client_id: str
    text: str
    asked_at: float
    acked_at: float = None
    seq: int = None
    id: str = None
    edits: list = dataclasses.field(default_factory=list)  # acknowledged texts
    tried: set = dataclasses.field(default_factory=set)
    deleted: bool = False


@dataclasses.dataclass
class Talk:
    """A conversation, with the owners of both sides."""
    id: str
    customer: "Owner"
    vendor: "Owner"
    sent: list = dataclasses.field(default_factory=list)
    highest: int = 0  # seq that somebody was told


class Owner:
    """Whose feed. log: every event that any device was given, by its number."""

    def __init__(self, side, owner_id):
        self.side = side
        self.id = owner_id
        self.base = "/v1" if side == "customer" else f"/v1/vendors/{owner_id}"
        self.log = {}
        self.talks = []
        self.people = []
        self.devices = []


class World:
    def __init__(self, port, seed, categories=CATEGORIES):
        self.port = port
        self.seed = seed
        self.categories = categories
        self.over = False
        self.owners, self.talks, self.sent = [], [], []
        self.acked = self.again = self.lost = 0
        self.cut_s = 0.01  # most that is waited before hanging up
        self.wrong = collections.defaultdict(list)
        self.did = collections.Counter()

    def dice(self, name):
        return random.Random(f"{self.seed} {name}")

    def is_wrong(self, category, text):
        assert category in self.categories, category
        self.wrong[category].append(text)

    @property
    def devices(self):
        return [device for owner in self.owners for device in owner.devices]

    @property
    def people(self):
        return [person for owner in self.owners for person in owner.people]

    def open_talk(self, talk_id, customer, vendor):
        talk = Talk(talk_id, customer, vendor)
        self.talks.append(talk)
        customer.talks.append(talk)
        vendor.talks.append(talk)
        return talk


class Person:
    """An account that is signed in: a customer, or one of a vendor's staff."""

    def __init__(self, world, owner, actor):
        self.world = world
        self.owner = owner
        self.id = actor.id
        self.email = actor.account["email"]
        self.password = actor.password
        self.token = actor.access_token
        self.line = Line(world.port)
        self.dice = world.dice(f"person {self.email}")
        owner.people.append(self)

    async def stay_signed_in(self):
        """Access tokens live a quarter of an hour."""
        while not self.world.over:
            await asyncio.sleep(8 * 60 + self.dice.uniform(0, 120))
            answer = await self.stubborn("POST", "/v1/auth/login", {
                "email": self.email, "password": self.password}, line=Line(self.world.port))
            self.token = answer["access_token"]

    async def ask(self, method, path, body=None, line=None, **how):
        return await (line or self.line).ask(method, path, self.token, body, **how)

    async def stubborn(self, method, path, body=None, *, may_conflict=False, line=None):
        """Asks until there is an answer of success, whatever dies; its JSON. With may_conflict,
        None when the answer is that it cannot be."""
        end = time.monotonic() + STUBBORN_S
        cut_s = self.dice.uniform(0, self.world.cut_s) if self.dice.random() < 0.03 else None
        pause_s, status, answer = 0.02, None, None
        while time.monotonic() < end:
            try:
                status, answer = await self.ask(method, path, body, line, cut_s=cut_s)
                if status < 300:
                    return answer
                if status == 409 and may_conflict:
                    return None
                if status < 500 and status not in (401, 403, 409, 429):
                    break
            except Lost as error:
                self.world.lost += 1
                status, answer = None, error
            cut_s = None
            await asyncio.sleep(self.dice.uniform(0, pause_s))
            pause_s = min(2 * pause_s, 0.5)
        text = f"{method} {path} {body}: {status} {answer}"
        self.world.is_wrong("refused", text)
        raise AssertionError(text)
