"""What a client keeps of a state and the events that came after it."""
import json


def part_of(payload):
    """What sub_order_changed says of the sub-order as it is now."""
    return {key: value for key, value in payload.items() if key not in ("by", "was", "change")}


def is_open(part):
    return part["status"] not in ("completed", "cancelled")


def fold_customer(state, events):
    orders = {o["order_id"]: {**o, "sub_orders": {s["id"]: s for s in o["sub_orders"]}}
              for o in state["orders"]}
    for event in events:
        payload = event["payload"]
        if event["kind"] == "order_placed":
            orders[payload["order_id"]] = {
                **payload, "paid": False,
                "sub_orders": {s["id"]: s for s in payload["sub_orders"]}}
        elif event["kind"] == "sub_order_changed" and payload["order_id"] in orders:
            parts = orders[payload["order_id"]]["sub_orders"]
            if payload["version"] >= parts[payload["id"]]["version"]:
                parts[payload["id"]] = part_of(payload)
        elif event["kind"] == "payment_received" and payload["order_id"] in orders:
            orders[payload["order_id"]]["paid"] = True
    return sorted(({**o, "sub_orders": sorted(o["sub_orders"].values(), key=lambda s: s["number"])}
                   for o in orders.values() if any(map(is_open, o["sub_orders"].values()))),
                  key=lambda o: o["order_id"])


def fold_vendor(state, events):
    parts = {s["id"]: s for s in state["sub_orders"]}
    status = state["status"]
    for event in events:
        payload = event["payload"]
        if event["kind"] == "sub_order_changed":
            parts[payload["id"]] = part_of(payload)
        elif event["kind"] == "vendor_status_changed":
            status = payload["status"]
    return {"status": status, "sub_orders": sorted(filter(is_open, parts.values()),
                                                   key=lambda s: s["number"])}


def fold_conversations(state, events, side):
    """By id. What a client keeps of chat; conversations that are new to it are read."""
    talks = {c["conversation_id"]: c for c in json.loads(json.dumps(state["conversations"]))}
    for event in events:
        payload, kind = event["payload"], event["kind"]
        if kind == "block_changed":
            for talk in talks.values():
                if payload["vendor_id" if side == "customer" else "customer_id"] == (
                        talk["vendor_id"] if side == "customer" else talk["customer"]["id"]):
                    talk["blocked"][payload["side"]] = payload["blocked"]
        talk = talks.get(payload.get("conversation_id"))
        if talk is None:
            continue
        last = talk["last_message"]
        is_last = last is not None and last["seq"] == payload.get("seq")
        if kind == "message_sent":
            talk["last_seq"] = payload["seq"]
            talk["unread"] += payload["author"] not in (
                (side, "system") if side == "vendor" else (side,))
            talk["last_message"] = {name: payload[name] for name in (
                "seq", "author", "kind", "text", "created_at", "deleted_at")}
        elif kind == "message_edited" and is_last:
            last["text"] = payload["text"]
        elif kind == "message_deleted":
            talk["unread"] -= payload["author"] not in (
                (side, "system") if side == "vendor" else (side,)) \
                and payload["seq"] > talk["read"][side]
            if is_last:
                last.update(text="", deleted_at=payload["deleted_at"])
        elif kind in ("message_delivered", "message_read"):
            marks = ["delivered"] + ["read"] * (kind == "message_read")
            for mark in marks:
                talk[mark][payload["side"]] = max(talk[mark][payload["side"]], payload["seq"])
            talk["unread"] = payload.get("unread", talk["unread"])
        elif kind == "conversation_closed":
            talk["status"] = "closed"
        elif kind == "conversation_reopened":
            talk["status"] = "open"
        elif kind == "conversation_forgotten":
            del talks[payload["conversation_id"]]
        elif kind == "customer_erased":
            talk["customer"] = payload["customer"]
        elif kind == "conversation_assigned":
            talk["staff_id"] = payload["staff_id"]
    return talks
