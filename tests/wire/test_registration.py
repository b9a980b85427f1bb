"""Registering: an account is made once its address is proved, and nobody learns of another's
(docs/ACCOUNTS.md)."""
import re

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import mails  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import registered  # noqa: E402
from harness.shop import PASSWORD, fresh, refused  # noqa: E402
from harness.wait import until  # noqa: E402


def new_address():
    return fresh("new") + "@example.com"


def asks(shop, email, name="Ada Byron"):
    return shop.anonymous().call("registerAccount", body={
        "email": email, "password": PASSWORD, "name": name})


def confirm(shop, body):
    return shop.anonymous().call("confirmRegistration", body=body)


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


# -- what the mail says ---------------------------------------------------------------------------

def test_the_mail_has_a_code_and_a_link_that_make_the_account(mail):
    email = new_address()
    begun = asks(mail.shop, email)
    assert begun.status_code == 202
    (got,) = mail.smtp.wait_for(email, 1)
    assert got.message["Subject"] == "Confirm your e-mail address"
    id, code = re.search(mails.SITE + r"/registrations/([0-9a-f-]{36})/(\d{6})\b",
                         got.part("plain")).groups()
    assert id == begun.json()["registration_id"]
    assert f"Your code is {code};" in re.sub("[\u2068\u2069]", "", got.part("plain"))
    answer = confirm(mail.shop, {"registration_id": id, "code": code})
    assert answer.status_code == 201 and answer.headers["Cache-Control"] == "no-store"
    user = answer.json()["user"]
    assert user["email"] == email and user["email_verified_at"]
    assert mail.shop.anonymous().login(email, PASSWORD).id == user["id"]


def test_who_has_an_account_gets_the_same_answer_and_a_mail_that_says_so(mail):
    person, new = mail.shop.customer().account["email"], new_address()
    before = len(mail.smtp.to(person))
    answers = [asks(mail.shop, email, name="Mallory") for email in (person, new)]
    got = mail.smtp.wait_for(person, before + 1)[-1]
    assert got.message["Subject"] == "You have an account already"
    assert "/registrations/" not in got.part("plain") and "Mallory" not in got.part("plain")
    varies = {"Date", "X-Request-Id", "RateLimit"}
    shapes = [(a.status_code, sorted(a.json()),
               {k: v for k, v in a.headers.items() if k not in varies}) for a in answers]
    assert shapes[0] == shapes[1] and shapes[0][0] == 202


def test_a_stranger_puts_no_words_of_theirs_into_a_mail(mail):
    email = new_address()
    asks(mail.shop, email, name="You have won, see evil.example")
    (got,) = mail.smtp.wait_for(email, 1)
    assert "evil" not in got.part("plain") + got.part("html") + str(got.message["Subject"])


def test_a_code_that_was_used_meanwhile_is_not_sent(mail):
    email = new_address()
    mail.smtp.answer = lambda command, argument: \
        "451 4.3.0 Later" if command == "RCPT" and argument == email else None
    body = registered(mail.shop, email)
    until(lambda: mail.db.one("select count(*) = 1 from outbox where topic = 'mail' and subject_id "
                              "= %s and failed_with is not null", body["registration_id"]))
    assert confirm(mail.shop, body).status_code == 201
    mail.smtp.answer = lambda command, argument: None
    until(lambda: mail.hurry() or mail.db.one(
        "select count(*) = 0 from outbox where subject_id = %s", body["registration_id"]))
    assert mail.smtp.to(email) == []


# -- codes ----------------------------------------------------------------------------------------

def test_no_account_is_there_before_its_address_is_proved(shop):
    email = new_address()
    body = registered(shop, email)
    refused(shop.anonymous().call("login", body={"email": email, "password": PASSWORD}), 401,
            "bad_credentials")
    assert shop.db.one("select count(*) from account where email = %s", email) == 0
    assert confirm(shop, body).status_code == 201
    assert shop.db.one("select count(*) from registration where id = %s",
                       body["registration_id"]) == 0


def test_a_code_makes_one_account_however_often_it_is_sent_at_once(shop):
    body = registered(shop, new_address())
    answers = together(6, lambda i: confirm(shop, body))
    assert sorted(a.status_code for a in answers) == [201] + 5 * [401]


def test_of_many_who_register_one_address_at_once_one_has_it(shop):
    email = new_address()
    bodies = together(5, lambda i: registered(shop, email))
    answers = together(5, lambda i: confirm(shop, bodies[i]))
    assert sorted(a.status_code for a in answers) == [201] + 4 * [409]
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, 409, "already_exists", field="/email")


def test_five_guesses_spend_a_code(shop):
    body = registered(shop, new_address())
    for _ in range(5):
        refused(confirm(shop, {**body, "code": wrong(body["code"])}), 401, "bad_credentials")
    refused(confirm(shop, body), 401, "bad_credentials")


def test_a_code_is_of_its_registration_and_of_no_other_purpose(shop):
    body, other = registered(shop, new_address()), registered(shop, new_address())
    refused(confirm(shop, {**body, "code": other["code"]}), 401, "bad_credentials")
    reset = shop.anonymous().do("requestPasswordReset", body={"email": new_address()})
    refused(confirm(shop, {**body, "registration_id": reset["request_id"]}), 401,
            "bad_credentials")


def test_a_registration_expires_and_its_password_goes(shop):
    body = registered(shop, new_address())
    lasts = shop.db.one("select expires_at - created_at from email_code where id = %s",
                        body["registration_id"])
    assert lasts.total_seconds() == 60 * 60
    shop.db.rows("update email_code set expires_at = now() where id = %s",
                 body["registration_id"])
    refused(confirm(shop, body), 401, "bad_credentials")
    shop.db.rows("delete from email_code where id = %s", body["registration_id"])
    assert shop.db.one("select count(*) from registration where id = %s",
                       body["registration_id"]) == 0


def test_who_registers_an_address_again_and_again_is_slowed_down_with_and_without_an_account(shop):
    def codes(email):
        person = shop.anonymous()
        person.patient = False
        return [person.call("registerAccount", body={
            "email": email, "password": PASSWORD, "name": "Ada"}).status_code for _ in range(6)]

    assert codes(shop.customer().account["email"]) == 5 * [202] + [429]
    assert codes(new_address()) == 5 * [202] + [429]
