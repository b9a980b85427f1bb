"""What people do: write, change, delete, read, react, look; the staff also close, assign, note."""
import time

from .wire import Line, Lost
from .world import Person, Sent

EDITABLE_S = 10 * 60
EMOJI = ("!", "?", "\N{THUMBS UP SIGN}", "\N{HEAVY BLACK HEART}")
KEPT = 30  # of one's own messages, to change


class Speaker(Person):
    def __init__(self, world, owner, actor):
        super().__init__(world, owner, actor)
        self.mine = []     # Sent, the latest
        self.others = {}   # talk id: messages seen last
        self.read = {}     # talk id: highest seq that was acknowledged as read
        self.seen = {}     # talk id: the last look
        self.looks = []    # (talk, what was shown)
        self.notes = []    # (talk, number, text)
        self.count = 0

    async def live(self):
        """One thing after another."""
        acts, weights = zip(*self.habits())
        while not self.world.over:
            act = self.dice.choices(acts, weights)[0]
            await act(self.dice.choice(self.owner.talks))
            self.world.did[act.__name__] += 1

    def habits(self):
        yield self.send, 70
        yield self.edit, 6
        yield self.delete, 3
        yield self.mark_read, 9
        yield self.react, 4
        yield self.look, 3
        yield self.type, 1
        yield self.block, 0.3
        if self.owner.side == "vendor":
            yield self.close, 1
            yield self.reopen, 0.5
            yield self.assign, 1
            yield self.note, 1

    def path(self, talk, rest=""):
        return f"{self.owner.base}/conversations/{talk.id}{rest}"

    # -- messages -----------------------------------------------------------------------------

    async def send(self, talk):
        self.count += 1
        client_id = f"{self.id[-12:]}-{self.count}"
        sent = Sent(talk, self.owner.side, client_id, f"message {client_id}", time.monotonic())
        self.world.sent.append(sent)
        body = {"client_id": client_id, "text": sent.text}
        if talk.highest and self.dice.random() < 0.1:
            body["reply_to"] = self.dice.randint(1, talk.highest)
        answer = await self.stubborn("POST", self.path(talk, "/messages"), body)
        sent.acked_at = time.monotonic()
        sent.seq, sent.id = answer["seq"], answer["id"]
        talk.highest = max(talk.highest, sent.seq)
        talk.sent.append(sent)
        self.world.acked += 1
        self.mine = self.mine[-KEPT:] + [sent]
        if self.dice.random() < 0.02:
            await self.send_again(sent, body)

    async def send_again(self, sent, body):
        """The answer was acknowledged, but who knows that."""
        self.world.again += 1
        answer = await self.stubborn("POST", self.path(sent.talk, "/messages"), body)
        if (answer["seq"], answer["id"]) != (sent.seq, sent.id):
            self.world.is_wrong("shown twice", f"{sent} was sent again as {answer}")

    def one_of_mine(self):
        young = time.monotonic() - EDITABLE_S
        able = [s for s in self.mine if not s.deleted and s.asked_at > young]
        return self.dice.choice(able) if able else None

    async def edit(self, _talk):
        sent = self.one_of_mine()
        if sent is None:
            return
        text = f"edit {len(sent.tried)} of {sent.client_id}"
        sent.tried.add(text)
        answer = await self.stubborn("PATCH", self.path(sent.talk, f"/messages/{sent.id}"),
                                     {"text": text})
        sent.edits.append(text)
        if answer["seq"] != sent.seq:
            self.world.is_wrong("reordered", f"{sent} was edited as {answer}")

    async def delete(self, _talk):
        sent = self.one_of_mine()
        if sent is None:
            return
        sent.deleted = True
        await self.stubborn("DELETE", self.path(sent.talk, f"/messages/{sent.id}"),
                            may_conflict=True)  # when the answer to the first try was lost

    async def react(self, talk):
        if not talk.sent:
            return
        sent = self.dice.choice(talk.sent[-5:])
        path = self.path(talk, f"/messages/{sent.id}/reaction")
        try:
            if self.dice.random() < 0.8:
                status, answer = await self.ask("PUT", path, {"emoji": self.dice.choice(EMOJI)})
            else:
                status, answer = await self.ask("DELETE", path)
            if status not in (204, 404, 409, 503):  # deleted (404); blocked meanwhile (409)
                self.world.is_wrong("refused", f"{path}: {status} {answer}")
        except Lost:
            self.world.lost += 1

    async def type(self, talk):
        await self.stubborn("PUT", self.path(talk, "/typing"))

    async def block(self, talk):
        """For a moment; meanwhile nobody's message goes through."""
        await self.stubborn("PUT", self.path(talk, "/block"))
        await self.stubborn("DELETE", self.path(talk, "/block"))

    # -- reading ------------------------------------------------------------------------------

    async def mark_read(self, talk):
        top = talk.highest
        seq = self.dice.choice((top, top, self.dice.randint(0, top + 2)))
        await self.stubborn("PUT", self.path(talk, "/read"), {"seq": seq})
        self.read[talk.id] = max(self.read.get(talk.id, 0), min(seq, top))

    async def look(self, talk):
        """Marks and numbers that one person is shown one after the other never go back."""
        known = talk.highest  # acknowledged before it was asked
        now = await self.stubborn("GET", self.path(talk))
        before = self.seen.get(talk.id)
        self.seen[talk.id] = now
        self.looks.append((talk, now))
        shown = marks(now, self.owner.side)
        if before and any(a > b for a, b in zip(marks(before, self.owner.side), shown)):
            self.world.is_wrong("receipts that went back", f"{shown} after {before}")
        if now["last_seq"] < known:
            self.world.is_wrong("lost", f"{now} though {known} was acknowledged")

    # -- the staff's ----------------------------------------------------------------------------

    async def close(self, talk):
        await self.stubborn("POST", self.path(talk, "/close"))

    async def reopen(self, talk):
        await self.stubborn("POST", self.path(talk, "/reopen"))

    async def assign(self, talk):
        user_id = self.dice.choice([person.id for person in self.owner.people] + [None])
        await self.stubborn("PUT", self.path(talk, "/assignee"), {"user_id": user_id})

    async def note(self, talk):
        self.count += 1
        text = f"internal {self.id[-12:]}-{self.count}"
        answer = await self.stubborn("POST", self.path(talk, "/notes"), {"text": text})
        self.notes.append((talk, answer["number"], text))

    # -- at the end -----------------------------------------------------------------------------

    async def messages(self, talk):
        """All of them, page by page."""
        found, after = [], 0
        line = Line(self.world.port)
        while True:
            page = await self.stubborn(
                "GET", self.path(talk, f"/messages?order=oldest&limit=100&after_seq={after}"),
                line=line)
            found += page["items"]
            if not page["items"]:
                line.close()
                return found
            after = page["items"][-1]["seq"]


def marks(seen, side):
    mine = (seen["my_read_seq"],) if side == "vendor" else ()
    return (seen["last_seq"], *seen["read"].values(), *seen["delivered"].values(), *mine)
