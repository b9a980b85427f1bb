"""People with phones, of whom each does something now and then, and providers in a bad mood."""
import asyncio
import dataclasses
import json
import random
import time

from harness import devices, providers, pushes
from harness.talk import Talk

from .push_book import Sent

STEPS = (("accept", "sub_order_accepted"), ("pack", None), ("ship", "sub_order_shipped"),
         ("deliver", "sub_order_delivered"))
PAUSE_S = 0.15


class Person:
    """A customer. Who will leave buys nothing: orders keep an account."""

    def __init__(self, life, number):
        self.life, self.book = life, life.book
        self.dice = life.world.dice(f"person {number}")
        self.lock = asyncio.Lock()  # a phone does not sign in while its owner leaves
        self.customer = life.shop.customer()
        self.email, self.id = self.customer.account["email"], self.customer.id
        self.preferences = self.customer.do("getNotificationPreferences")
        self.talk = Talk(life.shop, life.vendor, self.customer)
        self.will_leave, self.is_gone, self.is_muted = number % 3 == 2, False, False
        self.orders = []  # (order, what was done)

    async def live(self):
        while not self.life.world.over and not self.is_gone:
            await asyncio.sleep(self.dice.uniform(0, 2 * PAUSE_S))
            async with self.lock:
                await asyncio.to_thread(self.act)
            self.life.world.did["deeds"] = len(self.book.deeds)

    def act(self):
        chance = self.dice.random()
        if chance < 0.1:
            self.switch(self.dice.choice(("orders", "chat")))
        elif chance < 0.16:
            self.mute()
        elif chance < 0.19 and self.will_leave and self.life.may_leave():
            self.leave()
        elif chance < 0.45 or self.will_leave:
            self.be_answered()
        else:
            self.trade()

    def switch(self, klass):
        """Pushes of the class, on or off."""
        on = self.preferences[klass]["push"] = not self.preferences[klass]["push"]
        self.life.world.did["wanted" if on else "not wanted"] += 1
        if on:
            self.book.undo(self.id, "class", klass)
            self.customer.do("putNotificationPreferences", body=self.preferences)
            return
        with self.book.banning((self.id, "class", klass)):
            self.customer.do("putNotificationPreferences", body=self.preferences)

    def mute(self):
        self.is_muted = not self.is_muted
        if not self.is_muted:
            self.book.undo(self.id, "talk", self.talk.id)
            self.talk.of_customer("unmuteConversation")
            return
        self.life.world.did["muted"] += 1
        with self.book.banning((self.id, "talk", self.talk.id)):
            self.talk.of_customer("muteConversation", body={"until": None})

    def leave(self):
        """Which ends all sessions at once; the rest goes when the history looks after it."""
        self.is_gone = True
        self.life.world.did["left"] += 1
        with self.book.banning((self.id, "account", "")):
            self.customer.do("requestDeletion")
        self.life.leaving.append(self.customer)

    def be_answered(self):
        with self.book.doing(self.id, "message_from_vendor", "chat", talk=self.talk.id) as (deed,):
            sent = self.talk.answer()
            assert sent.status_code == 201, sent.text
            deed.about = f"/conversations/{self.talk.id} {sent.json()['seq']}"

    def trade(self):
        """The next step of an order, or another order."""
        if not self.orders or self.dice.random() < 0.3:
            self.orders.append((self.customer.order(self.life.mug), 0))
        order, done = self.orders.pop(self.dice.randrange(len(self.orders)))
        step, kind = STEPS[done]
        move = getattr(self.life.vendor, step)
        if kind is None:
            assert move(order).status_code == 200
        else:
            with self.book.doing(self.id, kind, "orders", f"/orders/{order['id']}"):
                assert move(order).status_code == 200
        if done + 1 < len(STEPS):
            self.orders.append((order, done + 1))


class Phone:
    """Goes from hand to hand. Its app has one id, and sometimes another address."""

    def __init__(self, life, number):
        self.life, self.book = life, life.book
        self.dice = life.world.dice(f"phone {number}")
        self.kind = ("phone", "iphone", "browser")[number % 3]
        self.device = devices.device_id()
        self.owner = self.session = self.body = None

    async def live(self):
        while not self.life.world.over:
            await self.act()
            await asyncio.sleep(self.dice.uniform(0, 20 * PAUSE_S))

    async def act(self):
        chance = self.dice.random()
        if self.owner is None or self.owner.is_gone or chance < 0.35:
            owner = self.dice.choice([p for p in self.life.people if not p.is_gone])
            await self.with_owner(owner, self.sign_in)
        elif chance < 0.6:
            await self.with_owner(self.owner, self.sign_out)
        else:
            await self.with_owner(self.owner, self.renew)

    async def with_owner(self, owner, act):
        async with owner.lock:
            if not owner.is_gone:
                await asyncio.to_thread(act, owner)

    def sign_in(self, owner):
        """Whoever had it may still be signed in there."""
        self.life.world.did["signed in"] += 1
        self.session = self.life.shop.anonymous().login(owner.email, owner.customer.password)
        self.owner = owner
        if self.body is None:
            self.body = self.new_body()
        self.register()

    def sign_out(self, owner):
        self.life.world.did["signed out"] += 1
        self.owner = None
        with self.book.banning((owner.id, "device", self.device)):
            self.session.do("logout")

    def renew(self, owner):
        self.life.world.did["addresses"] += 1
        self.body = self.new_body()
        self.register()

    def register(self):
        with self.book.registering(self.owner.id, self.device, self.body["address"]):
            devices.registered(self.session, self.body, self.device)

    def new_body(self):
        if self.kind == "browser":
            return pushes.browser(self.life.fake)[1]
        return devices.a_phone() if self.kind == "phone" else devices.an_iphone()


class Moods:
    """What providers do instead of answering well; good: nothing."""

    def __init__(self, fake, seed, slowest_s):
        self.fake, self.dice, self.good = fake, random.Random(f"{seed} moods"), False
        self.slowest_s = slowest_s
        self.offset = time.time() - time.monotonic()
        for provider in ("fcm", "apns", "web"):
            setattr(fake, provider, self.judge(provider, getattr(fake, provider)))

    def judge(self, provider, own):
        def answer(request):
            good = own(request)  # may refuse it
            if self.good:
                return good
            chance = self.dice.random()
            for part, instead in self.bad(provider):
                if chance < part:
                    raise providers.Refused(instead)
                chance -= part
            after_s = self.slowest_s if chance < 0.02 else self.dice.choice((0, 0, 0.05, 0.8))
            return dataclasses.replace(good, after_s=after_s)
        return answer

    def bad(self, provider):
        """What it may be, and how often."""
        down = {"fcm": providers.fcm_error("UNAVAILABLE"), "web": providers.Answer(503),
                "apns": providers.apns_error("ServiceUnavailable")}[provider]
        gone = {"fcm": providers.fcm_error("UNREGISTERED"), "web": providers.Answer(410),
                "apns": providers.apns_error("Unregistered", int(time.time() * 1000))}[provider]
        never = {"fcm": providers.fcm_error("INVALID_ARGUMENT"), "web": down,
                 "apns": providers.apns_error("BadPriority")}[provider]
        return ((0.04, providers.Lost()), (0.12, providers.Reset(providers.CANCEL)),
                (0.08, down), (0.03, gone), (0.02, never))

    def sent(self):
        """All requests for messages."""
        with self.fake.changed:
            got = [one for one in self.fake.got if one.provider in ("fcm", "apns", "web")]
        return [self.read(one) for one in got]

    def read(self, request):
        body = request.json if request.provider != "web" else json.loads(
            self.fake.browsers[request.address].read(request.body))
        if request.provider == "fcm":
            body = body["message"]
            collapse = (body["android"]["notification"]["tag"],)
        elif request.provider == "apns":
            collapse = (request.headers["apns-collapse-id"], body["aps"]["thread-id"])
        else:
            collapse = (request.headers["topic"], body["tag"])
        id = body["id"] if request.provider == "apns" else body["data"]["id"]
        address = (self.fake.origin if request.provider == "web" else "") + request.address
        return Sent(id, address, request.at + self.offset, request.status, collapse)
