"""The judge of histories notices what is wrong: each test spoils a small history that is right."""
import json
import types

import pytest
from history.device import Device
from history.judge import Judge
from history.state import State
from history.world import CATEGORIES, Owner, Sent, World

AT = "2026-03-01T00:00:00Z"


def message(seq, author):
    return "message_sent", {
        "seq": seq, "id": f"id {seq}", "author": author, "client_id": f"client {seq}",
        "kind": "text", "text": f"text {seq}", "reply_to": None, "reactions": [],
        "created_at": AT, "deleted_at": None}


class Small:
    """A customer and a vendor, three messages, an edit, a deletion, marks."""

    def __init__(self):
        self.world = World(0, 1)
        self.customer, self.vendor = Owner("customer", "customer 1"), Owner("vendor", "vendor 1")
        self.world.owners = [self.customer, self.vendor]
        self.talk = self.world.open_talk("talk 1", self.customer, self.vendor)
        self.events = [
            ("conversation_opened", {"blocked": {"customer": False, "vendor": False}}),
            message(1, "customer"), message(2, "vendor"),
            ("message_edited", {"seq": 2, "text": "edited"}), message(3, "customer"),
            ("message_read", {"side": "customer", "seq": 2, "unread": 0}),
            ("message_delivered", {"side": "customer", "seq": 3}),
            ("message_deleted", {"seq": 3, "author": "customer", "deleted_at": AT})]
        self.sent = [self.of(1, "customer"), self.of(2, "vendor"), self.of(3, "customer")]
        self.sent[1].edits, self.sent[1].tried = ["edited"], {"edited"}
        self.sent[2].deleted = True
        self.syncs = []

    def of(self, seq, side):
        return Sent(self.talk, side, f"client {seq}", f"text {seq}", seq, seq + 0.5, seq,
                    f"id {seq}")

    def found(self):
        """Categories of what is wrong."""
        self.world.sent = self.talk.sent = self.sent
        told = [{"number": n, "kind": kind, "at": AT,
                 "payload": {"conversation_id": "talk 1", **payload}}
                for n, (kind, payload) in enumerate(self.events, 1)]
        told = [event for event in told if event["kind"] != "nothing"]
        for owner in self.world.owners:
            device = Device(types.SimpleNamespace(world=self.world, owner=owner), "one")
            device.state = State(owner.side, {"orders": [], "conversations": []})
            device.number = device.begun_at = 0
            device.checks = [check for check in self.syncs if owner is self.customer]
            owner.devices.append(device)
            for event in told:
                device.take(event)
            device.compare()
        judge = Judge(self.world)
        judge.judge_feeds(types.SimpleNamespace(rows=lambda *_: [
            {"number": e["number"], "kind": e["kind"],
             "payload": json.dumps(e["payload"])} for e in told]))
        judge.judge_sent()
        return {category for category in CATEGORIES if self.world.wrong[category]}


def test_a_history_that_is_right_is_found_right():
    assert Small().found() == set()


def drop_the_last_message(small):
    small.events = small.events[:4]


def drop_an_edit(small):
    small.events[3] = ("message_reacted", {"seq": 2, "reactions": []})


def drop_a_deletion(small):
    small.events = small.events[:7]


def leave_a_number_out(small):
    small.events[6] = ("nothing", {})


def leave_a_message_out(small):
    small.events[2] = ("message_edited", {"seq": 1, "text": "text 1"})


def acknowledge_in_another_order(small):
    small.sent[0].asked_at = 10


def repeat_a_seq(small):
    small.events.append(message(3, "customer"))


def repeat_a_client_id(small):
    kind, payload = message(4, "customer")
    small.events.append((kind, {**payload, "client_id": "client 1"}))


def miscount(small):
    small.events[5] = ("message_read", {"side": "customer", "seq": 2, "unread": 1})


def go_back(small):
    small.events.append(("message_read", {"side": "customer", "seq": 1, "unread": 1}))


def tell_a_note(small):
    small.events.append(("note_added", {"number": 1, "text": "internal 1"}))


def show_another_state(small):
    small.syncs = [(8, {"orders": [], "conversations": []})]


@pytest.mark.parametrize("spoil, category", [
    (drop_the_last_message, "lost"), (drop_an_edit, "lost"),
    (drop_a_deletion, "states that differ"), (leave_a_number_out, "undetected gaps"),
    (leave_a_message_out, "undetected gaps"), (acknowledge_in_another_order, "reordered"),
    (repeat_a_seq, "shown twice"), (repeat_a_client_id, "shown twice"),
    (miscount, "unread drift"), (go_back, "receipts that went back"), (tell_a_note, "leaked"),
    (show_another_state, "states that differ")])
def test_what_is_spoilt_is_found(spoil, category):
    small = Small()
    spoil(small)
    assert category in small.found()
