"""Mails of notices: what a mail server gets, what its answers do to mails and addresses, and who
gets nothing."""
import re

import pytest
import requests

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import devices, mails, notices  # noqa: E402
from harness.shop import fresh, refused  # noqa: E402
from harness.wait import until  # noqa: E402

WANTED = {"push": True, "email": True, "in_app": True}
PREFERENCES = {"orders": WANTED, "chat": WANTED, "system": WANTED,
               "promotions": {**WANTED, "push": False, "email": False}, "quiet_from": None,
               "quiet_to": None, "time_zone": None, "email_digest": "at_once"}
# What has no effect in HTML, in a header, or on the text around it.
HOSTILE = 'Ada <script>alert("1")</script> & Söhne'


@pytest.fixture(autouse=True)
def own_answers(mail):
    mail.smtp.answer = lambda command, argument: None


def refusing(address, answer, command="RCPT"):
    return lambda of, argument: answer if of == command and argument == address else None


def link_of(message):
    """The path of List-Unsubscribe, below the site."""
    (url,) = re.findall("<(.*)>", message["List-Unsubscribe"])
    assert url.startswith(mails.SITE + "/")
    return url.removeprefix(mails.SITE)


# -- what is sent ---------------------------------------------------------------------------------

def test_a_customer_gets_a_receipt_and_learns_what_becomes_of_the_order(mail):
    customer = mail.shop.customer(name="Ada Byron")
    order = mail.tell(customer)
    receipt, accepted = sorted(mail.wait_for(customer, 2), key=lambda m: m.message["Subject"],
                               reverse=True)
    assert receipt.message["Subject"] == "Thank you for your order"
    assert accepted.message["Subject"] == "Order accepted"
    assert receipt.sender == mails.FROM
    assert receipt.message["From"].addresses[0].display_name == "Souq & Co"
    for part in ("plain", "html"):
        assert order["number"] in receipt.part(part) and "Ada Byron" in receipt.part(part)
        assert f"{mails.SITE}/orders/{order['id']}" in receipt.part(part)
        assert "Souq & Co" in receipt.part(part).replace("&amp;", "&")
    assert receipt.message["Auto-Submitted"] == "auto-generated"
    assert receipt.id.endswith("@shop.example>") and receipt.id != accepted.id


def test_the_staff_is_told_of_an_order(mail):
    customer = mail.shop.customer()
    order = customer.order(mail.mug)
    number = mail.vendor.part(order)["number"]
    mail.settled(mail.vendor.owner)
    (told,) = [m for m in mail.got(mail.vendor.owner) if number in m.part("plain")]
    assert told.message["Subject"] == "New order"


def test_a_mail_is_in_the_language_of_the_latest_device_and_in_its_direction(mail):
    people = {}
    for locale in ("ar", "am-ET", "fr-FR", "sw"):
        people[locale] = mail.shop.customer()
        devices.registered(people[locale], devices.an_iphone(locale=locale))
        people[locale].order(mail.mug)
    for locale, language, word in (("ar", "ar", "شكرًا"), ("am-ET", "am", "ትዕዛዝ"),
                                   ("fr-FR", "fr", "commande"), ("sw", "en", "order")):
        (sent,) = mail.wait_for(people[locale])
        assert word in sent.message["Subject"], sent.message["Subject"]
        assert sent.message["Content-Language"] == language
        direction = "rtl" if language == "ar" else "ltr"
        assert f'<html lang="{language}" dir="{direction}">' in sent.part("html")


def test_what_people_entered_has_no_effect_in_a_mail(mail):
    customer = mail.shop.customer(name=HOSTILE)
    vendor = mail.shop.vendor()
    vendor.do("updateVendor", body={"name": "<img src=x onerror=alert(2)>\u202e"})
    order = customer.order(vendor.product())
    vendor.accept(order)
    for sent in mail.wait_for(customer, 2):
        html = sent.part("html")
        assert "<script" not in html and "<img" not in html and "\u202e" not in html
        assert not re.findall(r"(?:src|url)\s*[=(]", html.replace("img src=x", ""))
        assert sent.message.defects == []


def test_a_name_that_would_become_a_link_is_not_greeted(mail):
    """Whoever registers with the address of somebody else chooses the name."""
    customer = mail.shop.customer(name="Win now at evil.example")
    customer.order(mail.mug)
    (sent,) = mail.wait_for(customer)
    assert "evil" not in sent.part("plain") + sent.part("html")


# -- what areas write -----------------------------------------------------------------------------

def invited(mail, vendor, **headers):
    address = fresh("guest") + "@example.com"
    made = vendor.do("createInvitation", body={"email": address, "role": "support"},
                     headers=headers)
    return address, made["token"]


def test_who_is_invited_gets_a_mail_with_the_invitation(mail):
    address, token = invited(mail, mail.vendor)
    (sent,) = mail.smtp.wait_for(address)
    for part in ("plain", "html"):
        assert f"{mails.SITE}/invitations/{token}" in sent.part(part)
        assert mail.vendor.name in sent.part(part) and "Hello" not in sent.part(part)
        assert "has entered your address" in sent.part(part)
    assert sent.message["List-Unsubscribe"] is None
    until(lambda: mail.db.one("select count(*) = 0 from outbox where topic = 'mail'"))
    # The token is nowhere any more.
    assert mail.db.rows("select facts::text, link from mail_letter where address = %s",
                        address) == [{"facts": "{}", "link": None}]


def test_an_invitation_is_in_the_language_of_who_invites(mail):
    address, _ = invited(mail, mail.vendor, **{"Accept-Language": "fr-CH"})
    (sent,) = mail.smtp.wait_for(address)
    assert "vous invite" in sent.message["Subject"]


def test_an_invitation_that_fails_and_one_of_a_vendor_that_is_not_approved_send_nothing(mail):
    applicant = mail.shop.vendor(approved=False)
    nobody, _ = invited(mail, applicant)
    refused(mail.vendor.call("createInvitation", body={
        "email": mail.vendor.owner.account["email"], "role": "support"}), 409)
    address, _ = invited(mail, mail.vendor)
    mail.smtp.wait_for(address)
    until(lambda: mail.db.one("select count(*) = 0 from outbox where topic = 'mail'"))
    assert mail.smtp.to(nobody) == []
    assert [m for m in mail.got(mail.vendor.owner) if "invites" in m.message["Subject"]] == []


def test_a_letter_whose_process_died_before_its_row_was_gone_is_not_sent_again(mail):
    address, _ = invited(mail, mail.vendor)
    mail.smtp.wait_for(address)
    until(lambda: mail.db.one("select count(*) = 1 from mail_letter "
                              "where address = %s and sent_at is not null", address))
    mail.db.rows("insert into outbox (topic, subject_id) select 'mail', id from mail_letter "
                 "where address = %s", address)
    until(lambda: mail.db.one("select count(*) = 0 from outbox where topic = 'mail'"))
    assert len(mail.smtp.to(address)) == 1


# -- what answers mean ----------------------------------------------------------------------------

def test_an_address_that_the_server_refuses_gets_no_more_mails(mail):
    customer = mail.shop.customer()
    address = customer.account["email"]
    mail.smtp.answer = refusing(address, "550 5.1.1 No such user here")
    mail.tell(customer)
    mail.settled(customer)
    assert mail.suppressed(customer) == [{"reason": "bad_address", "detail": "RCPT: 550 5.1.1"}]
    assert mail.got(customer) == [] and mail.dead(customer) == []
    mail.smtp.answer = lambda command, argument: None
    customer.order(mail.mug)
    notices.followed(mail.db)
    assert mail.settled(customer) == []


def test_an_admin_sees_whom_nothing_is_sent_and_lifts_it(mail):
    customer = mail.shop.customer()
    address = customer.account["email"]
    mail.smtp.answer = refusing(address, "550 5.1.1 No such user here")
    customer.order(mail.mug)
    mail.settled(customer)
    mail.smtp.answer = lambda command, argument: None
    support = mail.shop.admin("support")
    (found,) = support.do("listMailSuppressions", address=address.upper())["items"]
    assert found["address"] == address and found["reason"] == "bad_address"
    assert found in support.do("listMailSuppressions")["items"]
    assert support.call("removeMailSuppression", suppression_id=found["id"]).status_code == 204
    refused(support.call("removeMailSuppression", suppression_id=found["id"]), 404)
    customer.order(mail.mug)
    assert len(mail.wait_for(customer)) == 1


def test_what_the_server_takes_later_is_sent_later_under_the_same_id(mail):
    customer = mail.shop.customer()
    seen = []

    def answer(command, argument):
        if command == "DATA" and argument == customer.account["email"]:
            seen.append(argument)
            return "451 4.3.0 Later" if len(seen) < 3 else None
        return None

    mail.smtp.answer = answer
    customer.order(mail.mug)
    until(lambda: mail.hurry() or len(mail.got(customer)) == 1)
    assert len(seen) == 3 and mail.suppressed(customer) == []


def test_a_mail_that_the_server_never_takes_is_a_dead_letter(mail):
    customer = mail.shop.customer()
    mail.smtp.answer = refusing(customer.account["email"], "554 5.7.1 Spam", "DATA")
    customer.order(mail.mug)
    mail.settled(customer)
    assert mail.dead(customer) == ["DATA: 554 5.7.1"] and mail.suppressed(customer) == []


def test_a_lost_answer_repeats_the_mail_with_the_same_id(mail):
    customer = mail.shop.customer()
    mail.smtp.answer = lambda command, argument: (
        "drop" if command == "DATA" and not mail.got(customer)
        and argument == customer.account["email"] else None)
    customer.order(mail.mug)
    until(lambda: mail.hurry() or len(mail.got(customer)) == 2)
    first, second = mail.got(customer)
    assert first.id == second.id
    mail.settled(customer)


# -- who gets nothing -----------------------------------------------------------------------------

def held(mail, customer):
    """Mails of the customer wait as if for a later attempt."""
    mail.smtp.answer = refusing(customer.account["email"], "451 4.7.1 Greylisted")
    order = mail.tell(customer)
    notices.followed(mail.db)
    until(lambda: mail.db.one(
        "select count(*) = 2 from outbox x join notice n on n.id = x.subject_id "
        "where x.topic = 'mail' and n.account_id = %s and x.failed_with is not null", customer.id))
    return order


def released(mail, customer):
    mail.smtp.answer = lambda command, argument: None
    until(lambda: mail.hurry() or mail.waiting(customer) == 0)
    return [m.message["Subject"] for m in mail.got(customer)]


def test_who_opted_out_before_the_send_gets_receipts_only(mail):
    customer = mail.shop.customer()
    held(mail, customer)
    customer.do("putNotificationPreferences",
                body={**PREFERENCES, "orders": {**WANTED, "email": False}})
    assert released(mail, customer) == ["Thank you for your order"]


def test_who_is_locked_before_the_send_gets_nothing(mail):
    customer = mail.shop.customer()
    held(mail, customer)
    mail.db.rows("update account set locked_at = now() where id = %s", customer.id)
    assert released(mail, customer) == []


def test_who_left_the_staff_before_the_send_gets_nothing(mail):
    vendor = mail.shop.vendor()
    manager = vendor.staff("manager")
    mail.smtp.answer = refusing(manager.account["email"], "451 4.7.1 Greylisted")
    mail.shop.customer().order(vendor.product())
    notices.followed(mail.db)
    until(lambda: mail.db.one("select count(*) > 0 from outbox x join notice n "
                              "on n.id = x.subject_id where x.topic = 'mail' "
                              "and n.account_id = %s and x.failed_with is not null", manager.id))
    vendor.do("removeStaff", user_id=manager.id)
    mail.smtp.answer = lambda command, argument: None
    until(lambda: mail.hurry() or mail.db.one(
        "select count(*) = 0 from outbox where topic = 'mail' and failed_with is not null"))
    assert mail.got(manager) == []


# -- unsubscribing --------------------------------------------------------------------------------

def test_one_click_ends_mails_about_orders_but_not_receipts(mail):
    customer = mail.shop.customer()
    mail.tell(customer)
    sent = {m.message["Subject"]: m.message for m in mail.wait_for(customer, 2)}
    assert sent["Thank you for your order"]["List-Unsubscribe"] is None
    accepted = sent["Order accepted"]
    assert accepted["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = mail.shop.server.url + link_of(accepted)
    page = requests.get(url, timeout=20)
    assert page.status_code == 200 and "<form method=\"post\">" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert customer.do("getNotificationPreferences")["orders"]["email"] is True
    for body in ({"data": {"List-Unsubscribe": "One-Click"}},
                 {"files": {"List-Unsubscribe": (None, "One-Click")}}):
        assert requests.post(url, timeout=20, **body).status_code == 200
    after_it = customer.do("getNotificationPreferences")
    assert after_it == {**PREFERENCES, "receipts": {"email": True},
                        "orders": {**WANTED, "email": False}}
    mail.tell(customer)
    mail.settled(customer)
    assert sorted(m.message["Subject"] for m in mail.got(customer)) == [
        "Order accepted", "Thank you for your order", "Thank you for your order"]


def test_unsubscribing_keeps_what_was_chosen_before(mail):
    customer = mail.shop.customer()
    chosen = {**PREFERENCES, "chat": {**WANTED, "push": False}, "email_digest": "daily",
              "quiet_from": "22:00", "quiet_to": "07:00", "time_zone": "Africa/Addis_Ababa"}
    customer.do("putNotificationPreferences", body=chosen)
    token = mails.unsubscribe_token(mail.shop.server, "orders", customer.id)
    assert mail.shop.anonymous().call("unsubscribe", link=token).status_code == 200
    assert customer.do("getNotificationPreferences") == {
        **chosen, "receipts": {"email": True}, "orders": {**WANTED, "email": False}}


def test_nobody_unsubscribes_another_without_the_signature(mail):
    ada, grace = mail.shop.customer(), mail.shop.customer()
    token = mails.unsubscribe_token(mail.shop.server, "orders", ada.id)
    forged = mails.unsubscribe_token(mail.shop.server, "orders", grace.id)[:-10] + token[-10:]
    for bad in (forged, token[:-1], token + "A", "A" * len(token), fresh("x")):
        for operation in ("unsubscribe", "getUnsubscribePage"):
            refused(mail.shop.anonymous().call(operation, link=bad), 404)
    assert grace.do("getNotificationPreferences")["orders"]["email"] is True


def test_the_page_is_in_the_language_of_the_browser(mail):
    customer = mail.shop.customer()
    token = mails.unsubscribe_token(mail.shop.server, "promotions", customer.id)
    page = mail.shop.anonymous().call("getUnsubscribePage", link=token,
                                      headers={"Accept-Language": "ar-EG, en;q=0.5"})
    assert 'lang="ar" dir="rtl"' in page.text and "العروض" in page.text


# -- the log --------------------------------------------------------------------------------------

def test_the_log_has_no_address_and_no_text_of_mails(mail):
    customer = mail.shop.customer(name="Zzyzx Quux")
    address = customer.account["email"]
    mail.smtp.answer = refusing(address, f"550 5.1.1 <{address}> unknown")
    mail.tell(customer)
    mail.settled(customer)
    log = mail.shop.server.log.read_text()
    assert address not in log and "Zzyzx" not in log and "Thank you" not in log
