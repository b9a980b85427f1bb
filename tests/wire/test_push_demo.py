"""Push messages of a demo without a provider: the newest, at /dev/push."""
import secrets

import pytest
import requests
from conftest import serving
from harness import devices
from harness.shop import Shop, refused
from harness.talk import Talk
from harness.wait import until

BROWSER = {"Accept": "text/html"}
HOSTILE = '<img src=x onerror=alert(1)> & "Söhne"'
KEPT = 100
ACCEPTED = "ትዕዛዝዎ ተቀባይነት አግኝቷል"


@pytest.fixture(scope="module")
def demo():
    with serving(SEBEZ_DEMO="yes", SEBEZ_LANGUAGE="am") as server:
        yield Shop(server)


def pushes(demo, customer):
    return [push for push in demo.anonymous().do("listDevPushes")["pushes"]
            if push["to"] == customer.account["email"]]


def mails(demo, customer):
    return [mail for mail in demo.anonymous().do("listDevMails")["mails"]
            if mail["to"] == customer.account["email"]]


def told(demo):
    """A customer with a phone, an order that its vendor has accepted, and what the phone got."""
    customer, vendor = demo.customer(), demo.vendor()
    devices.registered(customer, devices.a_phone(locale="fr"))
    order = customer.order(vendor.product())
    assert vendor.accept(order).status_code == 200
    until(lambda: pushes(demo, customer))
    (push,) = pushes(demo, customer)
    assert push["activity"] is push["state"] is None
    return customer, vendor, order, push


def test_a_demo_shows_the_push_messages_that_it_would_have_sent(demo):
    _, vendor, order, push = told(demo)
    assert (push["platform"], push["provider"]) == ("android", "fcm")
    assert (push["class"], push["kind"]) == ("orders", "sub_order_accepted")
    assert push["title"] == "Commande acceptée" and push["link"] == f"/orders/{order['id']}"
    assert vendor.part(order)["number"] in push["body"]
    assert push["badge"] == 2


def test_who_has_no_language_of_ours_is_told_in_the_marketplace_s(demo):
    customer, vendor = demo.customer(), demo.vendor()
    for phone in (devices.a_phone(), devices.a_phone(locale="sw")):
        devices.registered(customer, phone)
    vendor.accept(customer.order(vendor.product()))
    until(lambda: len(pushes(demo, customer)) == 2)
    until(lambda: len(mails(demo, customer)) == 2)
    assert {push["title"] for push in pushes(demo, customer)} == {ACCEPTED}
    assert ACCEPTED in {mail["subject"] for mail in mails(demo, customer)}
    for headers in ({}, {"Accept-Language": "sw"}):
        listed = customer.do("listNotifications", headers=headers)["items"]
        assert listed[0]["text"]["title"] == ACCEPTED
    listed = customer.do("listNotifications", headers={"Accept-Language": "fr"})["items"]
    assert listed[0]["text"]["title"] == "Commande acceptée"


def test_a_browser_gets_a_page_in_which_a_text_can_do_nothing(demo):
    talk = Talk(demo, demo.vendor())
    devices.registered(talk.customer, devices.an_iphone())
    talk.answer(HOSTILE)
    until(lambda: pushes(demo, talk.customer))
    assert HOSTILE in pushes(demo, talk.customer)[0]["body"]
    answer = requests.get(demo.server.url + "/dev/push", headers=BROWSER, timeout=20)
    assert f"/conversations/{talk.id}" in answer.text and "&lt;img src=x" in answer.text
    assert "<img" not in answer.text
    assert "script" not in answer.headers["Content-Security-Policy"]


def test_a_demo_shows_what_starts_moves_and_ends_a_live_activity(demo):
    customer, vendor, iphone = demo.customer(), demo.vendor(), devices.device_id()
    devices.registered(customer, devices.an_iphone(start_token=secrets.token_hex(80)), iphone)
    order = customer.order(vendor.product())
    part = vendor.part(order)

    def shown(event):
        until(lambda: any(push["activity"] == event for push in pushes(demo, customer)))
        return next(push for push in pushes(demo, customer) if push["activity"] == event)

    vendor.accept(order)
    start = shown("start")
    assert start["title"] == ACCEPTED and start["state"]["status"] == "accepted"
    assert start["link"] == f"/orders/{order['id']}" and start["kind"] is start["badge"] is None
    customer.do("putLiveActivity", device_id=iphone, sub_order_id=part["id"],
                body={"token": secrets.token_hex(80)})
    assert shown("update")["body"] == "accepted"
    for step in (vendor.pack, vendor.ship, vendor.deliver):
        assert step(order).status_code == 200
    end = shown("end")
    assert (end["title"], end["body"]) == (part["number"], "delivered")
    assert end["state"]["id"] == part["id"]
    page = requests.get(demo.server.url + "/dev/push", headers=BROWSER, timeout=20)
    assert " · end · " in page.text


def test_the_newest_stay(demo):
    customer, _, _, push = told(demo)
    demo.db.rows("insert into outbox (topic, destination, subject_id, payload) "
                 "select 'push_orders', 'fcm', n.id, json_build_object('device_id', d.id) "
                 "from notice n join device d on d.account_id = n.account_id "
                 "cross join generate_series(1, %s) where n.account_id = %s "
                 "and n.kind = 'sub_order_accepted'", KEPT + 50, customer.id)
    until(lambda: demo.db.one("select count(*) = 0 from outbox where topic = 'push_orders'"))
    shown = demo.anonymous().do("listDevPushes")["pushes"]
    assert len(shown) == KEPT
    assert all(one["id"] == push["id"] for one in shown)  # repetitions have its id


def test_without_a_demo_nothing_is_shown(server):
    refused(Shop(server).anonymous().call("listDevPushes"), 404)
