"""The verdict on a whole history: what people were acknowledged, what every feed told, and what the
server shows in the end must be one and the same."""
import dataclasses
import itertools
import json

from .state import counts, lasting


def as_row(number, kind, payload):
    return number, kind, lasting({"kind": kind, "payload": payload})["payload"]


@dataclasses.dataclass
class Message:
    payload: dict
    text: str
    edits: list
    reactions: list
    deleted: bool = False


class Ledger:
    """One feed from its beginning, in full: every message that it told of."""

    def __init__(self, world, owner):
        self.world = world
        self.owner = owner
        self.talks = {}  # id: {seq: Message}
        self.read = {}
        self.by_client_id = {}
        self.notes = set()
        for number in sorted(owner.log):
            self._take(owner.log[number])

    def _take(self, event):
        kind, payload = event["kind"], event["payload"]
        if "conversation_id" not in payload:
            return
        talk_id = payload["conversation_id"]
        messages = self.talks.setdefault(talk_id, {})
        if kind == "message_sent":
            self._sent(talk_id, messages, payload)
        elif kind in ("message_edited", "message_deleted", "message_reacted"):
            message = messages.get(payload["seq"])
            if message is None:
                return self.world.is_wrong("lost", f"{event} of a message that nobody was told of")
            self._changed(kind, message, payload)
        elif kind == "message_read" and payload["side"] == self.owner.side:
            self.read[talk_id] = payload["seq"]
            if payload["unread"] != self.unread(talk_id):
                self.world.is_wrong("unread drift", f"{event}: counted {self.unread(talk_id)}")
        elif kind == "note_added":
            self.notes.add((talk_id, payload["number"], payload["text"]))

    def _sent(self, talk_id, messages, payload):
        messages[payload["seq"]] = Message(payload, payload["text"], [], payload["reactions"])
        if payload["client_id"] is not None:
            first = self.by_client_id.setdefault((talk_id, payload["client_id"]), payload)
            if first is not payload:
                self.world.is_wrong("shown twice", f"{payload} is {first}")

    @staticmethod
    def _changed(kind, message, payload):
        if kind == "message_edited":
            message.text = payload["text"]
            message.edits.append(payload["text"])
        elif kind == "message_deleted":
            message.text, message.reactions, message.deleted = "", [], True
        else:
            message.reactions = payload["reactions"]

    def unread(self, talk_id):
        return len(self.counted(talk_id, self.read.get(talk_id, 0)))

    def counted(self, talk_id, beyond, up_to=None, with_deleted=False):
        messages = self.talks.get(talk_id, {})
        seqs = range(beyond + 1, (max(messages, default=0) if up_to is None else up_to) + 1)
        found = [messages[seq] for seq in seqs if seq in messages]
        return [m for m in found if counts(self.owner.side, m.payload["author"])
                and (with_deleted or not m.deleted)]


def said_at_some_time(sent):
    """An event of a message says what it said when the event was read, or nothing."""
    return {sent.text, *sent.tried} | ({""} if sent.deleted else set())


class Judge:
    def __init__(self, world):
        self.world = world
        self.ledgers = {owner.id: Ledger(world, owner) for owner in world.owners}

    def wrong(self, category, text):
        self.world.is_wrong(category, str(text)[:2000])

    def ledger(self, talk, side):
        return self.ledgers[(talk.vendor if side == "vendor" else talk.customer).id]

    # -- the feeds ----------------------------------------------------------------------------

    def judge_feeds(self, database):
        """What the devices of an owner were given, together, is all that the database has."""
        for owner in self.world.owners:
            numbers = sorted(owner.log)
            if not numbers or numbers != list(range(numbers[0], numbers[-1] + 1)):
                self.wrong("undetected gaps", f"{owner.side} {owner.id}: {len(numbers)} numbers")
                continue
            begun_at = min(device.begun_at for device in owner.devices)
            if numbers[0] != begun_at + 1:
                self.wrong("lost", f"{owner.id} begins at {numbers[0]}, not {begun_at + 1}")
            rows = database.rows("select number, kind, payload::text as payload from event "
                                 "where owner_id = %s and number > %s order by number",
                                 owner.id, begun_at)
            told = [as_row(n, owner.log[n]["kind"], owner.log[n]["payload"]) for n in numbers]
            kept = [as_row(r["number"], r["kind"], json.loads(r["payload"])) for r in rows]
            if told != kept:
                different = next((pair for pair in itertools.zip_longest(told, kept)
                                  if pair[0] != pair[1]), None)
                self.wrong("lost", f"{owner.side} {owner.id}: {different}")
            self.judge_leaks(owner)

    def judge_leaks(self, owner):
        mine = {talk.id for talk in owner.talks}
        for event in owner.log.values():
            talk_id = event["payload"].get("conversation_id")
            if talk_id and talk_id not in mine:
                self.wrong("leaked", f"{owner.side} {owner.id} was told {event}")
            if owner.side == "customer" and (
                    event["kind"] in ("note_added", "conversation_assigned")
                    or "internal " in event["payload"].get("text", "")):
                self.wrong("leaked", f"{owner.id} was told {event}")

    # -- what was acknowledged ------------------------------------------------------------------

    def judge_sent(self):
        for sent in self.world.sent:
            for side in ("customer", "vendor"):
                there = self.ledger(sent.talk, side).talks.get(sent.talk.id, {}).get(sent.seq)
                if there is None or there.payload["id"] != sent.id:
                    self.wrong("lost", f"{sent} to the {side}: {there}")
                elif len(there.edits) < len(sent.edits):
                    self.wrong("lost", f"an edit of {sent} to the {side}: {there}")
                elif there.deleted != sent.deleted \
                        or not {there.payload["text"], *there.edits} <= said_at_some_time(sent):
                    self.wrong("states that differ", f"{sent} to the {side}: {there}")
        for talk in self.world.talks:
            self.judge_order(talk)

    def judge_order(self, talk):
        """What was acknowledged before another was begun has the lower number."""
        sent = sorted((s for s in talk.sent if s.seq), key=lambda s: s.seq)
        earliest = None  # acknowledgement of all that come after
        for each in reversed(sent):
            if earliest is not None and earliest.acked_at < each.asked_at:
                self.wrong("reordered", f"{earliest} was there before {each}")
            if earliest is None or each.acked_at < earliest.acked_at:
                earliest = each

    # -- what is shown in the end -----------------------------------------------------------------

    async def judge_shown(self):
        for owner in self.world.owners:
            person = owner.people[0]
            for talk in owner.talks:
                await self.judge_talk(owner, person, talk)
            total = await person.stubborn("GET", owner.base + "/unread")
            counted = [self.ledgers[owner.id].unread(talk.id) for talk in owner.talks]
            mine = {"conversations": sum(n > 0 for n in counted), "messages": sum(counted)}
            if {name: total[name] for name in mine} != mine:
                self.wrong("unread drift", f"{owner.side} {owner.id}: {total}, counted {mine}")
            for person in owner.people:
                await self.judge_person(person)

    async def judge_talk(self, owner, person, talk):
        ledger = self.ledgers[owner.id]
        told = [(m.payload["seq"], m.payload["id"], m.payload["author"], m.text,
                 m.deleted, m.reactions, m.payload["reply_to"])
                for _, m in sorted(ledger.talks.get(talk.id, {}).items())]
        shown = [(m["seq"], m["id"], m["author"], m["text"],
                  m["deleted_at"] is not None, m["reactions"], m["reply_to"])
                 for m in await person.messages(talk)]
        if told != shown:
            different = [pair for pair in itertools.zip_longest(told, shown) if pair[0] != pair[1]]
            self.wrong("states that differ", f"{owner.side} {talk.id}: {different[:3]}")
        now = await person.stubborn("GET", person.path(talk))
        if now["unread"] != ledger.unread(talk.id):
            self.wrong("unread drift", f"{now['unread']}, counted {ledger.unread(talk.id)}: {now}")
        if now["last_seq"] != len(told):
            self.wrong("lost", f"{now} has {len(told)} messages")

    async def judge_person(self, person):
        for talk, look in person.looks:
            self.judge_look(person.owner, talk, look)
        for talk, number, text in person.notes:
            if (talk.id, number, text) not in self.ledgers[person.owner.id].notes:
                self.wrong("lost", f"note {number} of {talk.id}: {text}")
        for talk_id, seq in person.read.items():
            now = await person.stubborn(
                "GET", f"{person.owner.base}/conversations/{talk_id}")
            if now.get("my_read_seq", now["read"][person.owner.side]) < seq:
                self.wrong("receipts that went back", f"{seq} was acknowledged: {now}")

    def judge_look(self, owner, talk, look):
        """What was unread at some moment: between all that is deleted today, and none of it."""
        ledger = self.ledgers[owner.id]
        span = (look["read"][owner.side], look["last_seq"])
        least = len(ledger.counted(talk.id, *span))
        most = len(ledger.counted(talk.id, *span, with_deleted=True))
        if not least <= look["unread"] <= most:
            self.wrong("unread drift", f"{look}: counted {least} to {most}")
