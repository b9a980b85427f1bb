"""What was edited, deleted or removed is told to no device that comes late."""
import pytest
from harness.feed import Device
from harness.folds import fold_conversations
from harness.uploads import attachable
from harness.wait import until


def devices(talk, count=1):
    """Some of each side, that have not looked yet."""
    return [d for _ in range(count) for d in (
        Device(talk.customer), Device(talk.vendor.owner, vendor_id=talk.vendor.id))]


def until_told(devices, is_so):
    """Until whoever of them asks is told so: processes hear of what others did, if only by the
    sweep. Nobody's cursor moves."""
    for device in devices:
        until(lambda device=device: is_so(device.actor.do(
            device.operation, after=device.cursor, **device.path)["items"]))


def told_first(message, change):
    """Whether the first of the events is the message as the change has left it."""
    def is_so(items):
        return items and items[0]["payload"]["seq"] == message["seq"] and (
            items[0]["payload"]["text"] == "Second" if change is edit
            else "ecret" not in str(items[0]))
    return is_so


def edit(talk, message):
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "Second"})


def delete(talk, message):
    talk.of_customer("deleteMessage", message_id=message["id"])


def remove(talk, message):
    talk.shop.admin("moderator").do("removeMessage", message_id=message["id"])


@pytest.mark.parametrize("change", [edit, delete, remove])
def test_what_was_taken_back_is_not_told_again(talk, change):
    early, late = devices(talk, 8), devices(talk, 8)
    for device in early:  # every process follows both feeds
        device.poll()
    picture = {"upload_id": attachable(talk.shop.server, talk.customer), "name": "Secret.jpg"}
    message = talk.ask("Secret", attachments=[picture]).json()
    for device in early:
        assert "Secret" in str(device.poll(wait=10)["items"])
    change(talk, message)
    until_told(late, told_first(message, change))
    for device in late:
        sent, *_ = device.poll()["items"]
        assert (sent["kind"], sent["payload"]["seq"]) == ("message_sent", message["seq"])
        if change is edit:
            assert sent["payload"]["text"] == "Second"
        else:
            assert "ecret" not in str(sent) and sent["payload"]["attachments"] == []


def test_a_window_that_never_heard_of_it_tells_nothing(talk, shop):
    """The process that deletes dies before it tells, or Redis is away: the old texts stay."""
    early, late = devices(talk, 8), devices(talk, 8)
    for device in early:
        device.poll()
    talk.ask("Secret")
    message = talk.ask("Secret, too").json()
    until_told(late, lambda items: "Secret, too" in str(items))
    redis = shop.server.redis()
    windows = {key: redis.zrange(key, 0, -1, withscores=True)
               for key in redis.scan_iter("sebez:feed:*")}
    delete(talk, message)
    until_told(late, lambda items: "Secret, too" not in str(items))
    for key, texts in windows.items():
        redis.delete(key)
        redis.zadd(key, dict(texts))
    for device in late:
        kinds = [(e["kind"], e["payload"].get("text")) for e in device.poll()["items"]
                 if e["kind"].startswith("message_")]
        assert ("message_sent", "Secret") in kinds and ("message_sent", "Secret, too") not in kinds
        assert kinds[-1][0] == "message_deleted"


@pytest.mark.parametrize("change", [edit, delete])
def test_old_state_and_rewritten_events_make_the_fresh_state(talk, change):
    me, seller = devices(talk)
    message = talk.ask("Secret").json()
    edit(talk, message)
    change(talk, message)
    last = talk.answer().json()["seq"]
    until_told([me, seller], lambda items: "Secret" not in str(items) and last in [
        e["payload"].get("seq") for e in items if e["kind"] == "message_sent"])
    for device, side, fresh in ((me, "customer", talk.customer.do("getSync")),
                                (seller, "vendor", talk.vendor.do("getVendorSync"))):
        device.poll()
        now = {c["conversation_id"]: c for c in fresh["conversations"]}
        assert fold_conversations(device.sync, device.events, side) == now
        assert [e["number"] for e in device.events] == list(range(
            device.events[0]["number"], device.events[0]["number"] + len(device.events)))


def test_a_deleted_message_keeps_nobody_waiting_for_an_answer(talk):
    first, second = talk.ask("one").json(), talk.ask("two").json()
    delete(talk, first)
    assert talk.of_vendor()["awaiting_since"] == second["created_at"]
    delete(talk, second)
    assert talk.of_vendor()["awaiting_since"] is None
