"""Signing in by a mail: docs/ACCOUNTS.md, "A link by mail"."""
import re

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import mails  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import letters_of, mailed, reset_of  # noqa: E402
from harness.shop import PASSWORD, fresh, refused  # noqa: E402
from harness.totp import enrolled  # noqa: E402


def signs_in(who, body):
    return who.call("signInByEmail", token=None, body=body)


def test_the_mail_has_a_link_and_a_code_and_neither_signs_in_without_the_secret(mail):
    shop, person = mail.shop, mail.shop.customer()
    email = person.account["email"]
    asked = shop.anonymous().do("requestEmailCode", body={"email": email.upper()})
    (got,) = mail.smtp.wait_for(email, 1)
    assert got.message["Subject"] == "Sign in"
    link = re.search(mails.SITE + r"(/sign-ins/([0-9a-f-]{36})/(\w{10}))\b", got.part("plain"))
    path, id, code = link.groups()
    assert id == asked["request_id"] and f"{code[:5]}-{code[5:]}" in got.part("plain")
    assert asked["secret"] not in got.part("plain") + got.part("html")
    # A program that looks at the links of mails changes nothing, and neither does who reads them.
    for method in ("GET", "HEAD", "GET"):
        shop.anonymous().session.request(method, shop.server.url + path)
    other = mailed(shop, email)
    for _ in range(6):
        refused(signs_in(shop.anonymous(), {**other, "request_id": id, "code": code}), 401,
                "bad_credentials")
    typed = f" {code[:5].lower()} - {code[5:].lower()}".replace("0", "o").replace("1", "l")
    body = {"request_id": id, "secret": asked["secret"], "code": typed}
    answer = signs_in(shop.anonymous(), body)
    assert (answer.status_code, answer.json()["user"]["id"]) == (200, person.id)
    refused(signs_in(shop.anonymous(), body), 401, "bad_credentials")


def test_a_link_of_somebody_else_s_request_signs_nobody_else_in(shop):
    person, eve = shop.customer(), shop.customer()
    hers, mine = mailed(shop, eve.account["email"]), mailed(shop, person.account["email"])
    for body in ({**mine, "secret": hers["secret"]}, {**mine, "request_id": hers["request_id"]},
                 {**hers, "code": mine["code"]}, {**mine, "secret": mine["secret"][:-1]}):
        refused(signs_in(shop.anonymous(), body), 401, "bad_credentials")
    assert signs_in(shop.anonymous(), mine).json()["user"]["id"] == person.id


def test_who_has_no_account_gets_the_same_answer_and_no_mail(mail):
    person, nobody = mail.shop.customer(), fresh("nobody") + "@example.com"
    answers = [mail.shop.anonymous().call("requestEmailCode", body={"email": email})
               for email in (nobody, person.account["email"])]
    mail.smtp.wait_for(person.account["email"], 1)
    varies = {"Date", "X-Request-Id", "RateLimit"}
    shapes = [(a.status_code, {k: len(v) for k, v in a.json().items()},
               {k: v for k, v in a.headers.items() if k not in varies}) for a in answers]
    assert shapes[0] == shapes[1] and shapes[0][0] == 202
    assert mail.smtp.to(nobody) == []
    asked = answers[0].json()
    body = {"request_id": asked["request_id"], "secret": asked["secret"],
            "code": letters_of(mail.shop.server, asked["request_id"])}
    refused(signs_in(mail.shop.anonymous(), body), 401, "bad_credentials")


def test_a_guest_s_cart_joins_the_account(shop):
    person, guest = shop.customer(), shop.guest()
    guest.cart(shop.mug)
    guest._signed_in(signs_in(guest, mailed(shop, person.account["email"], guest)).json())
    assert guest.id == person.id and guest.do("getCart")["vendors"]


def test_a_second_factor_is_asked_for(shop):
    person = enrolled(shop, shop.customer())
    answer = signs_in(shop.anonymous(), mailed(shop, person.account["email"]))
    assert answer.status_code == 202 and answer.json()["methods"] == ["totp", "recovery_code"]


def test_admins_and_locked_accounts_are_refused(shop):
    person = shop.customer()
    body = mailed(shop, person.account["email"])
    shop.db.rows("update account set locked_at = now() where id = %s", person.id)
    refused(signs_in(shop.anonymous(), body), 403, "account_locked")
    refused(signs_in(shop.anonymous(), mailed(shop, shop.admin().account["email"])), 403,
            "forbidden")


def test_a_code_works_once_for_its_purpose_in_time_and_before_a_new_password(shop):
    person = shop.customer()
    email = person.account["email"]
    body, old = mailed(shop, email), mailed(shop, email)
    answers = together(6, lambda i: signs_in(shop.anonymous(), body))
    assert sorted(a.status_code for a in answers) == [200] + 5 * [401]
    refused(signs_in(shop.anonymous(), {**old, **reset_of(shop, email)}), 401, "bad_credentials")
    refused(shop.anonymous().call("resetPassword", token=None, body={
        "request_id": old["request_id"], "code": old["code"], "password": PASSWORD}), 401)
    person.do("setMyPassword", body={"current_password": PASSWORD, "password": "staple battery"})
    refused(signs_in(shop.anonymous(), old), 401, "bad_credentials")
    late = mailed(shop, email)
    lasts = shop.db.one("select expires_at - created_at from email_code where id = %s",
                        late["request_id"])
    assert lasts.total_seconds() == 15 * 60
    shop.db.rows("update email_code set expires_at = now() where id = %s", late["request_id"])
    refused(signs_in(shop.anonymous(), late), 401, "bad_credentials")


def test_five_guesses_spend_a_code_of_who_asked_for_it(shop):
    body = mailed(shop, shop.customer().account["email"])
    for _ in range(5):
        refused(signs_in(shop.anonymous(), {**body, "code": 10 * "A"}), 401, "bad_credentials")
    refused(signs_in(shop.anonymous(), body), 401, "bad_credentials")


def test_an_address_gets_five_in_ten_minutes_with_and_without_an_account(shop):
    person = shop.anonymous()
    person.patient = False
    for email in (shop.customer().account["email"], fresh("nobody") + "@example.com"):
        answers = [person.call("requestEmailCode", body={"email": email}) for _ in range(6)]
        assert [a.status_code for a in answers] == 5 * [202] + [429]
