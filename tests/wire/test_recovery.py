"""A forgotten password, and a new one: docs/ACCOUNTS.md."""
import re

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import devices, mails  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import letters_of, reset_of  # noqa: E402
from harness.sessions import credentials, refreshed  # noqa: E402
from harness.shop import PASSWORD, fresh, refused  # noqa: E402
from harness.wait import until  # noqa: E402

NEW = "staple battery horse"


def reset(shop, code, password=NEW):
    return shop.anonymous().call("resetPassword", body={**code, "password": password})


def asked_for(shop, person):
    return reset_of(shop, person.account["email"])


def sent(shop):
    """Once the mails are written of all codes that were asked for."""
    until(lambda: shop.db.one("select count(*) = 0 from outbox where topic = 'email_code'"))


# -- what the mail says ---------------------------------------------------------------------------

def test_the_mail_has_a_link_and_a_code_that_set_a_new_password(mail):
    person = mail.shop.customer()
    email = person.account["email"]
    mail.shop.anonymous().do("requestPasswordReset", body={"email": email.upper()})
    (got,) = mail.smtp.wait_for(email, 1)
    assert got.message["Subject"] == "Reset your password"
    id, code = re.search(mails.SITE + r"/password-resets/([0-9a-f-]{36})/(\w{10})\b",
                         got.part("plain")).groups()
    assert f"{code[:5]}-{code[5:]}" in got.part("plain")
    assert f"/password-resets/{id}/{code}" in got.part("html")
    typed = f" {code[:5].lower()} - {code[5:].lower()}".replace("0", "o").replace("1", "l")
    assert reset(mail.shop, {"request_id": id, "code": typed}).status_code == 204
    told = mail.smtp.wait_for(email, 2)[-1]
    assert told.message["Subject"] == "Your password was changed"
    assert mail.shop.anonymous().login(email, NEW).id == person.id


def test_who_has_no_such_account_gets_the_same_answer_and_no_mail(mail):
    person, nobody = mail.shop.customer(), fresh("nobody") + "@example.com"
    answers = [mail.shop.anonymous().call("requestPasswordReset", body={"email": email})
               for email in (person.account["email"], nobody)]
    mail.smtp.wait_for(person.account["email"], 1)
    sent(mail.shop)
    varies = {"Date", "X-Request-Id", "RateLimit"}
    shapes = [(a.status_code, sorted(a.json()),
               {k: v for k, v in a.headers.items() if k not in varies}) for a in answers]
    assert shapes[0] == shapes[1] and shapes[0][0] == 202
    assert mail.smtp.to(nobody) == []


def test_a_stranger_does_not_choose_the_language_of_the_mail(mail):
    person = mail.shop.customer()
    devices.registered(person, devices.an_iphone(locale="fr-FR"))
    mail.shop.anonymous().do("requestPasswordReset", body={"email": person.account["email"]},
                             headers={"Accept-Language": "ar"})
    (got,) = mail.smtp.wait_for(person.account["email"], 1)
    assert got.message["Content-Language"] == "fr"


def test_who_changes_the_password_is_told_by_mail(mail):
    person = mail.shop.customer()
    person.do("setMyPassword", body={"current_password": PASSWORD, "password": NEW})
    (told,) = mail.smtp.wait_for(person.account["email"], 1)
    assert told.message["Subject"] == "Your password was changed"


# -- codes ----------------------------------------------------------------------------------------

def test_a_new_password_by_code_ends_all_sessions_and_does_not_sign_in(shop):
    person = shop.customer()
    answer = reset(shop, asked_for(shop, person))
    assert (answer.status_code, answer.content) == (204, b"")
    refused(person.call("getMe"), 401)
    refused(refreshed(person), 401)
    refused(shop.anonymous().call("login", body=credentials(person)), 401, "bad_credentials")
    assert shop.anonymous().login(person.account["email"], NEW).id == person.id


def test_a_code_works_once_and_of_several_at_once_one_does(shop):
    person = shop.customer()
    codes = [asked_for(shop, person) for _ in range(3)]
    answers = together(6, lambda i: reset(shop, codes[i % 3], f"{NEW} {i}"))
    assert sorted(a.status_code for a in answers) == [204] + 5 * [401]
    (winner,) = [i for i, answer in enumerate(answers) if answer.status_code == 204]
    assert shop.anonymous().login(person.account["email"], f"{NEW} {winner}").id == person.id
    refused(reset(shop, codes[winner % 3]), 401, "bad_credentials")


def test_a_code_from_before_another_change_of_the_password_is_void(shop):
    person = shop.customer()
    code = asked_for(shop, person)
    person.do("setMyPassword", body={"current_password": PASSWORD, "password": NEW})
    refused(reset(shop, code, "mallory mallory"), 401, "bad_credentials")
    assert reset(shop, asked_for(shop, person), "third password").status_code == 204


def test_five_guesses_spend_a_code_and_leave_other_codes_alone(shop):
    person = shop.customer()
    mine, other = asked_for(shop, person), asked_for(shop, person)
    for _ in range(5):
        refused(reset(shop, {**other, "code": mine["code"]}), 401, "bad_credentials")
    refused(reset(shop, other), 401, "bad_credentials")
    assert reset(shop, mine).status_code == 204


@pytest.mark.parametrize("code", ["", "12345", "UUUUU-UUUUU", "٠١٢٣٤٥٦٧٨٩", 41 * "A"])
def test_what_cannot_be_a_code_is_refused(shop, code):
    body = {"request_id": asked_for(shop, shop.customer())["request_id"], "code": code}
    refused(reset(shop, body), 400 if len(code) in (0, 41) else 401)


def test_a_code_expires(shop):
    person = shop.customer()
    code = asked_for(shop, person)
    lasts = shop.db.one("select expires_at - created_at from email_code where id = %s",
                        code["request_id"])
    assert lasts.total_seconds() == 30 * 60
    shop.db.rows("update email_code set expires_at = now() where id = %s", code["request_id"])
    refused(reset(shop, code), 401, "bad_credentials")


def test_a_locked_account_gets_no_new_password(shop):
    person = shop.customer()
    code = asked_for(shop, person)
    shop.admin().do("lockUser", user_id=person.id, body={"reason": "Stolen"})
    refused(reset(shop, code), 403, "account_locked")


def test_the_code_of_an_address_without_an_account_is_of_no_use(shop):
    refused(reset(shop, reset_of(shop, fresh("nobody") + "@example.com")), 401, "bad_credentials")


def test_a_reset_while_somebody_signs_in_leaves_no_session_of_the_old_password(shop):
    person = shop.customer()
    code = asked_for(shop, person)
    answers = together(8, lambda i: reset(shop, code) if i == 4 else shop.anonymous().call(
        "login", body=credentials(person)))
    assert answers[4].status_code == 204
    for answer in answers:
        if answer.status_code == 200:
            token = answer.json()["access_token"]
            refused(shop.anonymous().call("getMe", token=token), 401)


# -- limits ---------------------------------------------------------------------------------------

def test_an_address_gets_five_codes_in_ten_minutes_whether_it_has_an_account_or_not(shop):
    def asks(email):
        person = shop.anonymous()
        person.patient = False
        answers = [person.call("requestPasswordReset", body={"email": email}) for _ in range(6)]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 600
        return [a.status_code for a in answers]

    assert asks(shop.customer().account["email"]) == 5 * [202] + [429]
    assert asks(fresh("nobody") + "@example.com") == 5 * [202] + [429]


def test_twenty_codes_in_a_day_keep_nobody_from_another_one_when_none_of_them_works(shop):
    person = shop.anonymous()
    person.patient = False
    body = {"email": fresh("bothered") + "@example.com"}
    shop.db.rows("insert into email_code (id, purpose, email, email_key, language, created_at, "
                 "expires_at) select gen_random_uuid(), 'reset', %s, %s, 'en', "
                 "now() - interval '2 hours', now() - interval '1 hour' "
                 "from generate_series(1, 20)", body["email"], body["email"])
    assert person.call("requestPasswordReset", body=body).status_code == 202
    answer = person.call("requestPasswordReset", body=body)  # the one before works
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["Retry-After"]) > 20 * 3600
    shop.db.rows("update email_code set expires_at = now() where email = %s", body["email"])
    assert person.call("requestPasswordReset", body=body).status_code == 202


def test_a_code_is_in_no_row_but_its_letter_until_that_is_sent_or_skipped(mail):
    shop = mail.shop

    def letter(code):
        return shop.db.rows("select facts::text, link from mail_letter where id = %s",
                            code["request_id"])

    def settled():
        sent(shop)
        until(lambda: shop.db.one("select count(*) = 0 from outbox where topic = 'mail'"))

    person, locked = shop.customer(), shop.customer()
    shop.db.rows("update account set locked_at = now() where id = %s", locked.id)
    codes = [asked_for(shop, person), asked_for(shop, locked)]
    settled()
    assert len(mail.smtp.wait_for(person.account["email"], 1)) == 1
    assert mail.smtp.to(locked.account["email"]) == []
    assert [letter(code) for code in codes] == 2 * [[{"facts": "{}", "link": None}]]
    for code in codes:
        row = shop.db.rows("select * from email_code where id = %s", code["request_id"])
        assert letters_of(shop.server, code["request_id"]) not in str(row)
