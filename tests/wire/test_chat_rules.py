"""The rules against contact leaks, in every place where a contact can be written."""
import pytest
from harness.shop import refused
from test_chat_moderation import rules  # noqa: F401

IMAGE = "https://img.example.com/20260301123456789.jpg"


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


def test_what_an_image_is_said_to_show_is_text_too(talk, rules):  # noqa: F811
    rules(phone="mask")
    said = talk.ask("See", attachments=[{"url": IMAGE, "alt": "Call 020 7946 0101"}]).json()
    (image,) = said["attachments"]
    assert (image["alt"], image["url"]) == ("Call •••", IMAGE)
    rules(phone="hold")
    held = talk.ask("See", attachments=[{"url": IMAGE}, {"url": IMAGE, "alt": "020 7946 0101"}])
    assert held.status_code == 202


@pytest.mark.parametrize("url", ["https://wa.example.com/442079460101",
                                 "https://img.example.com/a.png?call=+442079460101&x=1",
                                 "https://img.example.com/ada%40example.com/a.png"])
def test_an_address_of_an_image_holds_no_contact(talk, rules, url):  # noqa: F811
    images = [{"url": IMAGE}, {"url": url}]
    assert talk.ask("See", attachments=images).status_code == 201
    rules(phone="hold", email="hold")
    assert talk.ask("See", attachments=images).status_code == 202
    rules(phone="mask", email="mask")
    refused(talk.ask("See", attachments=images), 400, field="/attachments/1/url")
