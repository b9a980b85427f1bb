"""The key that a client gives a message: its author's own, and for one message. And an
Idempotency-Key whose answer is kept a moment after its effect."""
from harness.shop import fresh, refused


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


def test_a_retry_before_the_answer_is_kept_is_told_to_wait(talk):
    key = fresh("key")
    lose = ("update idempotency_key set body = null, "
            "lease_until = now() + %s::interval where key = %s")

    def note():
        return talk.vendor.call("createNote", conversation_id=talk.id, key=key,
                                body={"text": "Likes blue"})

    talk.ask()
    assert note().status_code == 201
    assert note().headers["Idempotent-Replayed"] == "true"
    talk.shop.db.rows(lose, "1 minute", key)  # as if it were on its way
    waits = note()
    refused(waits, 409, "request_in_progress")
    assert int(waits.headers["Retry-After"]) > 0
    talk.shop.db.rows(lose, "-1 minute", key)  # its process has died
    refused(note(), 409, "conflict")
