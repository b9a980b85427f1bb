"""Mails of a demo without a mail server: files in its data folder, shown at /dev/mail."""
import email
import email.policy

import pytest
import requests
from conftest import serving
from harness import notices
from harness.shop import Shop, refused
from harness.wait import until

HOSTILE = 'Ada <img src=x onerror=alert(1)> & Söhne'
BROWSER = {"Accept": "text/html"}
KEPT = 100


@pytest.fixture(scope="module")
def demo():
    with serving(SEBEZ_DEMO="yes", SEBEZ_MAIL_NAME="Souq") as server:
        yield Shop(server)


def told(demo, name="Ada Byron"):
    """A customer who has ordered, and the summary of the receipt."""
    customer = demo.customer(name=name)
    vendor = demo.vendor()
    order = customer.order(vendor.product())

    def receipts():
        return [m for m in demo.anonymous().do("listDevMails")["mails"]
                if m["to"] == customer.account["email"]]

    until(lambda: len(receipts()) == 1)
    return customer, order, receipts()[0]


def test_a_demo_shows_the_mails_that_it_would_have_sent(demo):
    customer, order, summary = told(demo)
    assert summary["subject"] == "Thank you for your order"
    whole = demo.anonymous().do("getDevMail", mail_id=summary["id"])
    assert order["number"] in whole["text"] and order["number"] in whole["html"]
    assert {key: whole[key] for key in summary} == summary
    file = demo.server.data / "var" / "mail" / f"{summary['id']}.eml"
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert message["To"] == customer.account["email"] and message.defects == []
    assert message.get_body(("html",)).get_content().split() == whole["html"].split()


def test_a_probe_registers_with_the_code_that_a_demo_shows(demo):
    done = demo.server.sebez("probe", demo.server.url, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_browser_gets_pages_in_which_a_mail_can_do_nothing(demo):
    _, order, summary = told(demo, name=HOSTILE)
    url = demo.server.url + "/dev/mail"
    page = requests.get(url, headers=BROWSER, timeout=20)
    assert f'href="/dev/mail/{summary["id"]}"' in page.text
    one = requests.get(f"{url}/{summary['id']}", headers=BROWSER, timeout=20)
    assert f'<iframe sandbox title="The mail" src="/dev/mail/{summary["id"]}/html">' in one.text
    frame = requests.get(f"{url}/{summary['id']}/html", headers=BROWSER, timeout=20)
    assert order["number"] in frame.text
    for answer in (page, one, frame):
        assert "<img" not in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy
    assert "sandbox" in frame.headers["Content-Security-Policy"]


def test_the_newest_mails_are_kept(demo):
    customer, _, first = told(demo)
    vendor = demo.vendor()
    mug = vendor.product(stock=1000)
    for _ in range(KEPT // 2 + 2):
        assert vendor.accept(customer.order(mug)).status_code == 200
    notices.followed(demo.db)
    until(lambda: demo.db.one("select count(*) = 0 from outbox where topic = 'mail'"))
    items = demo.anonymous().do("listDevMails")["mails"]
    assert len(items) == KEPT and first["id"] not in {m["id"] for m in items}
    folder = demo.server.data / "var" / "mail"
    assert len(list(folder.iterdir())) == 2 * KEPT
    refused(demo.anonymous().call("getDevMail", mail_id=first["id"]), 404)
