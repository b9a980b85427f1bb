"""What a device holds: the state of its first /v1/sync, and every event since applied to it. It
counts by itself, so an event that contradicts what came before is noticed where it comes."""
from harness.folds import part_of

LAST = ("seq", "author", "kind", "text", "created_at", "deleted_at")


class Contradiction(Exception):
    """category, text"""


def lasting(event):
    """What of an event stays for ever: what a message says is that of today in all of them."""
    if event["kind"] not in ("message_sent", "message_edited"):
        return event
    said = ("text", "attachments", "card", "client_id")
    return {**event, "payload": {k: v for k, v in event["payload"].items() if k not in said}}


def is_open(part):
    return part["status"] not in ("completed", "cancelled")


def counts(side, author):
    """Whether a message of this author is unread for this side."""
    return author == "customer" if side == "vendor" else author != "customer"


class State:
    def __init__(self, side, sync):
        self.side = side
        self.status = sync.get("status")
        self.orders = {o["order_id"]: {**o, "sub_orders": {s["id"]: s for s in o["sub_orders"]}}
                       for o in sync.get("orders", [])}
        self.parts = {s["id"]: s for s in sync.get("sub_orders", [])}
        self.talks = {c["conversation_id"]: _copy(c) for c in sync["conversations"]}
        self.reopened = set()  # not in the sync because they were closed: a client reads them
        self.kinds = set()

    def apply(self, event):
        kind, payload = event["kind"], event["payload"]
        self.kinds.add(kind)
        if "conversation_id" in payload:
            self._apply_to_talk(kind, payload)
        else:
            getattr(self, "_" + kind)(payload)

    def _apply_to_talk(self, kind, payload):
        talk = self.talks.get(payload["conversation_id"])
        if kind == "conversation_opened":
            if talk is not None:
                raise Contradiction("shown twice", f"opened twice: {payload}")
            self._opened(payload)
        elif talk is not None:
            getattr(self, "_" + kind)(talk, payload)
        elif self.side == "vendor":
            if kind == "conversation_reopened":
                self.reopened.add(payload["conversation_id"])
        else:
            raise Contradiction("lost", f"{kind} of a conversation that was never opened")

    # -- orders -------------------------------------------------------------------------------

    def _order_placed(self, payload):
        self.orders[payload["order_id"]] = {
            **payload, "paid": False, "sub_orders": {s["id"]: s for s in payload["sub_orders"]}}

    def _sub_order_changed(self, payload):
        if self.side == "vendor":
            parts = self.parts
        elif payload["order_id"] in self.orders:
            parts = self.orders[payload["order_id"]]["sub_orders"]
        else:
            return
        before = parts.get(payload["id"])
        if before and payload["version"] <= before["version"]:
            raise Contradiction("reordered", f"sub-order {payload} after {before}")
        parts[payload["id"]] = part_of(payload)

    def _payment_received(self, payload):
        if payload["order_id"] in self.orders:
            self.orders[payload["order_id"]]["paid"] = True

    def _payment_refunded(self, payload):
        pass

    def _vendor_status_changed(self, payload):
        self.status = payload["status"]

    def _low_stock(self, payload):
        pass

    _payout_paid = _payout_failed = _payout_account_changed = _low_stock
    _campaign_decided = _webhook_disabled = _low_stock
    _refund_granted = _return_changed = _dispute_changed = _new_device = _low_stock
    _chargeback_changed = _low_stock

    def _withheld(self, payload):
        pass

    def _block_changed(self, payload):
        for talk in self.talks.values():
            theirs = (talk["vendor_id"] == payload["vendor_id"] if self.side == "customer"
                      else talk["customer"]["id"] == payload["customer_id"])
            if theirs:
                talk["blocked"][payload["side"]] = payload["blocked"]

    # -- conversations ------------------------------------------------------------------------

    def _opened(self, payload):
        marks = {"customer": 0, "vendor": 0}
        talk = {**payload, "blocked": dict(payload["blocked"]), "status": "open", "last_seq": 0,
                "unread": 0, "read": dict(marks), "delivered": dict(marks), "last_message": None}
        if self.side == "vendor":
            talk["staff_id"] = None
        self.talks[payload["conversation_id"]] = talk

    def _message_sent(self, talk, payload):
        seq = payload["seq"]
        if seq <= talk["last_seq"]:
            raise Contradiction("shown twice", f"{seq} after {talk['last_seq']}")
        if seq != talk["last_seq"] + 1:
            raise Contradiction("undetected gaps", f"{seq} after {talk['last_seq']}")
        talk["last_seq"] = seq
        talk["unread"] += counts(self.side, payload["author"])
        talk["last_message"] = {name: payload[name] for name in LAST}

    def _message_edited(self, talk, payload):
        if payload["seq"] == talk["last_seq"]:
            talk["last_message"]["text"] = payload["text"]

    def _message_deleted(self, talk, payload):
        talk["unread"] -= (counts(self.side, payload["author"])
                           and payload["seq"] > talk["read"][self.side])
        if payload["seq"] == talk["last_seq"]:
            talk["last_message"].update(text="", deleted_at=payload["deleted_at"])

    def _message_reacted(self, talk, payload):
        pass

    def _message_held(self, talk, payload):
        pass

    def _message_delivered(self, talk, payload):
        self._mark(talk, "delivered", payload)

    def _message_read(self, talk, payload):
        side, seq = payload["side"], payload["seq"]
        self._mark(talk, "read", payload)
        talk["delivered"][side] = max(talk["delivered"][side], seq)
        if side == self.side:
            talk["unread"] = payload["unread"]

    def _mark(self, talk, mark, payload):
        before = talk[mark][payload["side"]]
        if payload["seq"] <= before:
            raise Contradiction("receipts that went back", f"{mark} {payload} after {before}")
        if payload["seq"] > talk["last_seq"]:
            raise Contradiction("reordered", f"{mark} {payload} beyond {talk['last_seq']}")
        talk[mark][payload["side"]] = payload["seq"]

    def _conversation_closed(self, talk, payload):
        talk["status"] = "closed"

    def _conversation_reopened(self, talk, payload):
        talk["status"] = "open"

    def _conversation_forgotten(self, talk, payload):
        del self.talks[payload["conversation_id"]]

    def _customer_erased(self, talk, payload):
        talk["customer"] = payload["customer"]

    def _conversation_assigned(self, talk, payload):
        talk["staff_id"] = payload["staff_id"]

    def _note_added(self, talk, payload):
        pass

    # -- uploads, which no state shows ----------------------------------------------------------

    def _upload_ready(self, payload):
        pass

    def _upload_failed(self, payload):
        pass

    # -- comparing ----------------------------------------------------------------------------

    def differs(self, sync, with_texts=True):
        """What this state and a fresh one do not agree on: nothing."""
        bad = []
        shown = (lambda talk: talk) if with_texts else _without_text
        fresh = {c["conversation_id"]: shown(c) for c in sync["conversations"]}
        mine = {i: shown(t) for i, t in self.talks.items()
                if self.side == "customer" or t["status"] == "open"}
        for each in (set(fresh) | set(mine)) - self.reopened:
            if fresh.get(each) != mine.get(each):
                bad.append(f"conversation {each}: {mine.get(each)} is {fresh.get(each)}")
        if self.side == "vendor":
            given = {s["id"] for s in sync["sub_orders"]}
            parts = sorted((s for s in self.parts.values() if is_open(s) and (
                s["id"] in given or not sync["sub_orders_more"])), key=lambda s: s["number"])
            if (self.status, parts) != (sync["status"], sync["sub_orders"]):
                bad.append(f"{self.status} {parts} is {sync['status']} {sync['sub_orders']}")
        else:
            given = {o["order_id"] for o in sync["orders"]}
            orders = sorted(({**o, "sub_orders": sorted(o["sub_orders"].values(),
                                                        key=lambda s: s["number"])}
                             for o in self.orders.values()
                             if any(map(is_open, o["sub_orders"].values()))
                             and (o["order_id"] in given or not sync["orders_more"])),
                            key=lambda o: o["order_id"])
            if orders != sync["orders"]:
                bad.append(f"{orders} is {sync['orders']}")
        return bad


def _without_text(talk):
    return {**talk, "last_message": talk["last_message"] and {**talk["last_message"], "text": None}}


def _copy(talk):
    last = talk["last_message"]
    return {**talk, "read": dict(talk["read"]), "delivered": dict(talk["delivered"]),
            "blocked": dict(talk["blocked"]), "last_message": last and dict(last)}
