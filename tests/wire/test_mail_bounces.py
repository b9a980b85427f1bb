"""Mails that come back: a pipe of the mail server, and webhooks of who sends mails."""
import base64
import json
import subprocess

import pytest
import requests

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from conftest import after  # noqa: E402
from harness import mails, notices  # noqa: E402
from harness.contract import BUILD, ROOT  # noqa: E402
from harness.shop import fresh  # noqa: E402

SECRET = "a secret of the webhook"
DSN = """From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; somebody@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 No such user

--x--
"""


@pytest.fixture(scope="module")
def mail():
    with mails.sending(SEBEZ_BOUNCE_ADDRESS="bounces@shop.example",
                       SEBEZ_MAIL_WEBHOOK_SECRET=SECRET) as one:
        yield one
        bad = after(one.shop.server)
        assert not bad, "\n".join(bad)


def piped(mail, text):
    done = subprocess.run([BUILD / "sebez", "mail", "bounce"], cwd=ROOT, input=text, text=True,
                          env=mail.shop.server.environment, capture_output=True, timeout=120,
                          check=True)
    return done.stdout.strip()


def told(mail, body, secret=SECRET, **how):
    return requests.post(mail.shop.server.url + "/v1/webhooks/mail", timeout=20,
                         auth=("sebez", secret) if secret else None, json=body, **how)


def sender_of(mail, customer):
    customer.order(mail.mug)
    (sent,) = mail.wait_for(customer)
    return sent.sender


# -- the pipe -------------------------------------------------------------------------------------

def test_a_mail_that_comes_back_ends_mails_to_its_address(mail):
    customer = mail.shop.customer()
    sender = sender_of(mail, customer)
    assert sender.startswith("bounces+") and len(sender.partition("@")[0]) <= 64
    text = DSN.format(to=sender.upper(), action="failed", status="5.1.1")
    assert piped(mail, text) == "suppressed"
    assert mail.suppressed(customer) == [{"reason": "bounce", "detail": "5.1.1"}]
    customer.order(mail.mug)
    notices.followed(mail.db)
    assert len(mail.settled(customer)) == 1


def test_an_invitation_that_comes_back_ends_mails_to_its_address(mail):
    address = fresh("guest") + "@example.com"
    mail.vendor.do("createInvitation", body={"email": address, "role": "support"})
    (sent,) = mail.smtp.wait_for(address)
    assert piped(mail, DSN.format(to=sent.sender, action="failed", status="5.1.1")) == "suppressed"
    assert mail.db.one("select reason from mail_suppression where address = %s",
                       address) == "bounce"


@pytest.mark.parametrize("action, status", [("delayed", "4.4.7"), ("failed", "4.4.7"),
                                            ("failed", "5.2.2"), ("relayed", "2.0.0")])
def test_what_is_not_for_good_suppresses_nobody(mail, action, status):
    customer = mail.shop.customer()
    text = DSN.format(to=sender_of(mail, customer), action=action, status=status)
    assert "for good" in piped(mail, text)
    assert mail.suppressed(customer) == []


def test_an_answer_of_absence_suppresses_nobody(mail):
    customer = mail.shop.customer()
    text = f"To: {sender_of(mail, customer)}\nSubject: I am away\n\nUntil Monday.\n"
    assert "for good" in piped(mail, text)
    assert mail.suppressed(customer) == []


def test_nobody_suppresses_another_with_a_forged_bounce(mail):
    ada, grace = mail.shop.customer(), mail.shop.customer()
    name, _, domain = sender_of(mail, ada).partition("@")
    forged = name[:-20] + "0123456789abcdef" + name[-4:] + "@" + domain
    of_grace = name[:len("bounces+10")] + grace.id.replace("-", "") + name[-16:] + "@" + domain
    for bad in (forged, of_grace):
        assert "we know" in piped(mail, DSN.format(to=bad, action="failed", status="5.1.1"))
    assert piped(mail, DSN.format(to="bounces@shop.example", action="failed",
                                  status="5.1.1")) == "no mail of ours came back"
    assert mail.suppressed(ada) == mail.suppressed(grace) == []


# -- webhooks -------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["bounce", "complaint"])
def test_a_provider_tells_of_a_bounce_and_of_a_complaint(mail, kind):
    customer = mail.shop.customer()
    body = {"address": customer.account["email"].upper(), "kind": kind}
    for _ in range(2):
        assert told(mail, body).status_code == 204
    assert mail.suppressed(customer) == [{"reason": kind, "detail": ""}]


def ses(kind, address, **more):
    of, who = ("bounce", "bouncedRecipients") if kind == "Bounce" else (
        "complaint", "complainedRecipients")
    return {"notificationType": kind, of: {who: [{"emailAddress": address}], **more}}


def test_amazon_tells_of_bounces_and_complaints_also_through_sns(mail):
    people = [mail.shop.customer() for _ in range(3)]
    bounced, soft, complained = [person.account["email"] for person in people]
    assert told(mail, ses("Bounce", bounced, bounceType="Permanent")).status_code == 204
    assert told(mail, ses("Bounce", soft, bounceType="Transient")).status_code == 204
    sns = {"Type": "Notification", "Message": json.dumps(ses("Complaint", complained))}
    answer = requests.post(mail.shop.server.url + "/v1/webhooks/mail", timeout=20,
                           auth=("any", SECRET), data=json.dumps(sns),
                           headers={"Content-Type": "text/plain; charset=UTF-8"})
    assert answer.status_code == 204
    assert told(mail, {"notificationType": "Delivery", "delivery": {}}).status_code == 204
    assert [[s["reason"] for s in mail.suppressed(person)] for person in people] == [
        ["bounce"], [], ["complaint"]]


def test_a_confirmation_of_sns_is_for_the_operator_and_nothing_is_called(mail):
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    body = {"Type": "SubscriptionConfirmation", "SubscribeURL": url}
    assert told(mail, body).status_code == 204
    assert url in mail.shop.server.log.read_text()


def test_nobody_tells_without_the_secret(mail):
    customer = mail.shop.customer()
    body = {"address": customer.account["email"], "kind": "bounce"}
    for answer in (told(mail, body, secret=None), told(mail, body, secret="wrong"),
                   told(mail, body, secret=None, headers={"Authorization": "Bearer x"}),
                   told(mail, body, secret=None, headers={
                       "Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()})):
        assert answer.status_code == 401
    assert mail.suppressed(customer) == []


@pytest.mark.parametrize("body", [{}, {"address": "x", "kind": "bounce"}, {"kind": "bounce"},
                                  {"address": "a@example.com", "kind": "joke"}, [], "x",
                                  {"Type": "Notification", "Message": "no JSON"}])
def test_what_is_no_news_of_mails_is_refused(mail, body):
    assert told(mail, body).status_code == 400
