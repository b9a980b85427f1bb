"""The rules against contact leaks, in every place where a contact can be written."""
import pytest
from harness.shop import refused
from harness.uploads import attachable
from test_chat_moderation import rules  # noqa: F401


@pytest.mark.parametrize("contact", [
    "\uff10\uff12\uff10 \uff17\uff19\uff14\uff16 \uff10\uff11\uff10\uff11",
    "".join(d + "\ufe0f\u20e3" for d in "02079460101"), "020\u200b7946\u200b0101",
    "\u0660\u0662\u0660\u0667\u0669\u0664\u0666\u0660\u0661\u0660\u0661",
    "ada (at) example (dot) com", "ada[at]example.com"])
def test_a_disguise_hides_no_contact(talk, rules, contact):  # noqa: F811
    rules(phone="mask", email="mask")
    assert talk.ask(f"Write to {contact} please").json()["text"] == "Write to ••• please"
    rules(phone="hold", email="hold")
    assert talk.ask(f"Write to {contact} please").status_code == 202


@pytest.mark.parametrize("text", ["\u0663 \u0643\u0624\u0648\u0633", "Gate 1\ufe0f\u20e3 (at noon)",
                                  "\U0001f468\u200d\U0001f469\u200d\U0001f467"])
def test_what_is_no_contact_keeps_its_look(talk, rules, text):  # noqa: F811
    rules(phone="mask", email="mask", link="mask")
    assert talk.ask(text).json()["text"] == text


@pytest.mark.parametrize("member", ["alt", "name"])
def test_what_is_said_of_a_file_is_text_too(talk, rules, member):  # noqa: F811
    picture = {"upload_id": attachable(talk.shop.server, talk.customer)}
    rules(phone="mask")
    said = talk.ask("See", attachments=[{**picture, member: "Call 020 7946 0101"}]).json()
    (shown,) = said["attachments"]
    assert (shown["name"] if member == "name" else shown["image"]["alt"]) == "Call •••"
    rules(phone="hold", link="hold")
    assert talk.ask("See", attachments=[picture]).status_code == 201
    held = talk.ask("See", attachments=[{**picture, member: "020 7946 0101"}])
    assert held.status_code == 202


@pytest.mark.parametrize("contact", [
    "+442079460958", "t.me/clayshop", "\uff10\uff12\uff10\uff17\uff19", "\u0663\u0664",
    "\u2460\u2461\u2462\u2463", "\U0001d7ce\U0001d7cf", "\u043c\u0430\u0433",
    "1\ufe0f\u20e32\ufe0f\u20e3", "\U0001f1f9\U0001f1f2\U0001f1ea"])
def test_a_reaction_spells_no_contact(talk, contact):
    message = talk.ask().json()
    for side, operation in ((talk.customer, "putReaction"), (talk.vendor, "putVendorReaction")):
        refused(side.call(operation, conversation_id=talk.id, message_id=message["id"],
                          body={"emoji": contact}), 400, field="/emoji")


@pytest.mark.parametrize("emoji", [
    "\U0001f44d\U0001f3fd", "\u2764\ufe0f", "7\ufe0f\u20e3", "#\u20e3", "\U0001f1e9\U0001f1ea",
    "\u2139\ufe0f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f51f", "\u2122\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"])
def test_every_picture_is_a_reaction(talk, emoji):
    message = talk.ask().json()
    talk.of_customer("putReaction", message_id=message["id"], body={"emoji": emoji})
    (seen,) = talk.of_customer("listMessages")["items"]
    assert seen["reactions"] == [{"emoji": emoji, "side": "customer"}]
