"""The key that a client gives a message: its author's own, and for one message."""
from harness.shop import refused


def test_colleagues_who_use_the_same_key_lose_no_message(talk):
    support = talk.vendor.staff("support")
    first = talk.answer("It is blue.", client_id="1").json()
    second = talk.answer("It is green.", client_id="1", who=support)
    assert second.status_code == 201
    assert (second.json()["text"], second.json()["staff_id"]) == ("It is green.", support.id)
    assert talk.texts() == ["It is blue.", "It is green."]
    assert talk.answer("It is blue.", client_id="1").json()["id"] == first["id"]


def test_a_key_of_another_message_is_a_conflict(talk):
    talk.ask("one", client_id="1")
    for other in ({"text": "two"}, {"text": "one", "reply_to": 1}):
        refused(talk.ask(client_id="1", **other), 409, "conflict")
    assert talk.texts() == ["one"]


def test_a_key_stays_that_of_its_message_when_the_message_changes(talk):
    message = talk.ask("one", client_id="1").json()
    talk.of_customer("editMessage", message_id=message["id"], body={"text": "two"})
    assert talk.ask("one", client_id="1").json()["text"] == "two"
    talk.of_customer("deleteMessage", message_id=message["id"])
    assert talk.ask("one", client_id="1").json()["deleted_at"]
