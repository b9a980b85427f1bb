"""Another e-mail address, and the way back to a former one: docs/ACCOUNTS.md."""
import re

import pytest

pytest.importorskip("aiosmtpd", reason="python3-aiosmtpd is not installed")
from harness import mails  # noqa: E402
from harness.client import together  # noqa: E402
from harness.codes import (change_of, coded, fresh_phone, letters_of, registered,  # noqa: E402
                           reset_of, undo_of)
from harness.sessions import credentials, refreshed  # noqa: E402
from harness.shop import PASSWORD, fresh, refused  # noqa: E402
from harness.totp import enrolled  # noqa: E402
from harness.wait import until  # noqa: E402

NEW = "staple battery horse"


def address():
    return fresh("another") + "@example.com"


def confirm(person, code, **more):
    return person.call("confirmEmailChange", body={**code, **more})


def changed(shop, person, email=None):
    """Gives the account another address: that, and the former one."""
    former, email = person.account["email"], email or address()
    person.account = person.do("confirmEmailChange", body=change_of(shop, person, email))
    return email, former


def undo(shop, code, password=NEW):
    return shop.anonymous().call("undoEmailChange", body={**code, "password": password})


def link_of(mail, page):
    """Which ids and codes the links of a mail have."""
    return re.findall(mails.SITE + f"/{page}/([0-9a-f-]{{36}})/(\\w+)", mail.part("plain"))


def subjects(mail, email):
    return [got.message["Subject"] for got in mail.smtp.to(email)]


# -- another address ------------------------------------------------------------------------------

def test_the_new_address_proves_itself_and_the_old_one_is_told(mail):
    person, email = mail.shop.customer(), address()
    former = person.account["email"]
    change = person.do("requestEmailChange", body={"email": email.upper()})
    (got,) = mail.smtp.wait_for(email, 1)
    ((id, code),) = link_of(got, "email-changes")
    assert id == change["change_id"] and code in got.part("html")
    assert person.do("getMe")["email"] == former
    assert confirm(person, {"change_id": id, "code": code}).json()["email"] == email
    (told,) = mail.smtp.wait_for(former, 1)
    assert told.message["Subject"] == "Your e-mail address was changed"
    assert email not in told.part("plain")
    refused(mail.shop.anonymous().call("login", body=credentials(person)), 401, "bad_credentials")
    assert mail.shop.anonymous().login(email, PASSWORD).id == person.id
    ((id, code),) = link_of(told, "email-undos")
    assert undo(mail.shop, {"undo_id": id, "code": code}).status_code == 204
    until(lambda: "Your password was changed" in subjects(mail, former))
    until(lambda: "Your address was taken off an account" in subjects(mail, email))


def test_the_answer_is_the_same_when_another_account_has_the_address(mail):
    person, owner, free = mail.shop.customer(), mail.shop.customer(), address()
    answers = [person.call("requestEmailChange", body={"email": email})
               for email in (owner.account["email"], free)]
    varies = {"Date", "X-Request-Id", "RateLimit"}
    shapes = [(a.status_code, sorted(a.json()),
               {k: v for k, v in a.headers.items() if k not in varies}) for a in answers]
    assert shapes[0] == shapes[1] and shapes[0][0] == 202
    (told,) = mail.smtp.wait_for(owner.account["email"], 1)
    assert told.message["Subject"] == "Your address has an account already"
    assert not re.search(r"\d{6}", told.part("plain").replace(mails.SITE, ""))
    (got,) = mail.smtp.wait_for(free, 1)
    assert got.message["Subject"] == "Confirm your e-mail address"


def test_a_code_is_of_one_account_and_one_purpose_and_works_once(shop):
    person, other = shop.customer(), shop.customer()
    code = change_of(shop, person, address())
    refused(confirm(other, code), 401, "bad_credentials")
    refused(undo(shop, {"undo_id": code["change_id"], "code": code["code"]}), 401)
    answers = together(4, lambda i: confirm(person, code))
    assert sorted(a.status_code for a in answers) == [200] + 3 * [401]


def test_of_two_accounts_that_prove_one_address_at_once_one_has_it(shop):
    people, email = [shop.customer() for _ in range(3)], address()
    codes = [change_of(shop, person, email) for person in people]
    answers = together(3, lambda i: confirm(people[i], codes[i]))
    assert sorted(a.status_code for a in answers) == [200, 409, 409]
    (winner,) = [i for i in range(3) if answers[i].status_code == 200]
    assert shop.anonymous().login(email, PASSWORD).id == people[winner].id
    for person in people[:winner] + people[winner + 1:]:
        assert person.do("getMe")["email"] == person.account["email"]
        assert shop.db.one("select count(*) = 0 from email_change e join email_code c using (id) "
                           "where e.account_id = %s and c.purpose = 'email_undo'", person.id)


def test_a_code_for_a_new_password_at_the_former_address_is_void(shop):
    person = shop.customer()
    code = reset_of(shop, person.account["email"])
    changed(shop, person)
    refused(shop.anonymous().call("resetPassword", body={**code, "password": NEW}), 401)


def test_an_account_without_a_password_gets_one_with_its_address(shop):
    person = shop.anonymous()
    person._signed_in(person.do("signInByPhone", body={
        **coded(shop.server, person, fresh_phone()), "name": "Sara"}))
    email = address()
    code = change_of(shop, person, email)
    refused(confirm(person, code), 400, field="/password")
    assert confirm(person, code, password=NEW).status_code == 200
    assert shop.anonymous().login(email, NEW).id == person.id
    assert shop.db.one("select count(*) from email_change where account_id = %s", person.id) == 1


# -- the way back ---------------------------------------------------------------------------------

def test_the_old_address_takes_the_account_back_and_leaves_nothing_to_a_thief(shop):
    person = shop.customer()
    email, former = changed(shop, person)
    enrolled(shop, person)
    shop.db.rows("update account set phone = %s where id = %s", fresh_phone(), person.id)
    pending = change_of(shop, person, address())
    assert undo(shop, undo_of(shop, former)).status_code == 204
    refused(person.call("getMe"), 401)
    refused(refreshed(person), 401)
    refused(shop.anonymous().call("login", body={"email": email, "password": PASSWORD}), 401)
    owner = shop.anonymous().login(former, NEW)  # no second factor any more
    assert owner.id == person.id and owner.do("getMe")["phone"] is None
    refused(confirm(owner, pending), 401)


def test_what_protected_the_account_before_the_change_still_does(shop):
    person = enrolled(shop, shop.customer())
    phone = fresh_phone()
    shop.db.rows("update account set phone = %s where id = %s", phone, person.id)
    shop.db.rows("update totp set confirmed_at = now() - interval '8 days' where account_id = %s",
                 person.id)
    _, former = changed(shop, person)
    shop.db.rows("update account set phone = null where id = %s", person.id)
    assert undo(shop, undo_of(shop, former)).status_code == 204
    answer = shop.anonymous().call("login", body={"email": former, "password": NEW})
    assert answer.status_code == 202
    assert shop.db.one("select phone from account where id = %s", person.id) == phone


def test_a_second_factor_that_a_thief_set_up_before_the_change_goes(shop):
    person = enrolled(shop, shop.customer())
    _, former = changed(shop, person)
    assert undo(shop, undo_of(shop, former)).status_code == 204
    assert shop.anonymous().login(former, NEW).id == person.id


def test_of_several_former_addresses_the_oldest_wins(shop):
    person = shop.customer()
    second, first = changed(shop, person)
    third, _ = changed(shop, person)
    assert undo(shop, undo_of(shop, second)).status_code == 204
    assert shop.anonymous().login(second, NEW).id == person.id
    assert undo(shop, undo_of(shop, first)).status_code == 204

    other = shop.customer()
    second, first = changed(shop, other)
    changed(shop, other)
    codes = [undo_of(shop, first), undo_of(shop, second)]
    answers = together(6, lambda i: undo(shop, codes[i % 2]))
    statuses = [[a.status_code for a in answers[i::2]] for i in (0, 1)]
    assert sorted(statuses[0]) == [204, 401, 401]
    assert statuses[1].count(204) <= 1
    assert shop.anonymous().login(first, NEW).id == other.id


def deletions(shop, person):
    return shop.db.one("select count(*) from account_deletion where account_id = %s", person.id)


def test_a_deletion_that_a_thief_asked_for_is_cancelled_and_an_older_one_is_not(shop):
    person, other = shop.customer(), shop.customer()
    _, former = changed(shop, person)
    person.do("requestDeletion")
    other.do("requestDeletion")
    other = shop.anonymous().login(other.account["email"], PASSWORD)
    _, formers = changed(shop, other)
    for email in (former, formers):
        assert undo(shop, undo_of(shop, email)).status_code == 204
    assert (deletions(shop, person), deletions(shop, other)) == (0, 1)
    told = [shop.db.one("select count(*) from mail_letter where account_id = %s "
                        "and text_key = 'mail.deletion_cancelled'", p.id) for p in (person, other)]
    assert told == [1, 0]


def test_each_former_address_gets_the_code_of_its_own_account(mail):
    person, other = mail.shop.customer(), mail.shop.customer()
    _, former = changed(mail.shop, person)
    first = undo_of(mail.shop, former)
    changed(mail.shop, other, former)
    changed(mail.shop, other)
    second = undo_of(mail.shop, former)
    until(lambda: [link for got in mail.smtp.to(former) for link in link_of(got, "email-undos")]
          == [tuple(first.values()), tuple(second.values())])


def test_what_only_counts_as_a_former_address_is_given_to_nobody_meanwhile(shop):
    name = fresh("strasse")
    exact, alike = f"{name}@example.com", f"{name.replace('ss', chr(223))}@example.com"
    person, other = shop.customer(), shop.customer()
    changed(shop, person, exact)
    changed(shop, person)
    taken = refused(shop.anonymous().call("confirmRegistration", body=registered(shop, alike)),
                    409, "already_exists")
    refused(confirm(other, change_of(shop, other, alike)), 409, "already_exists")
    assert taken["errors"][0]["field"] == "/email"
    assert changed(shop, other, exact)[0] == exact


def test_an_undo_expires_after_seven_days_and_gives_way_to_whoever_has_the_address_now(shop):
    person = shop.customer()
    _, former = changed(shop, person)
    lasts = shop.db.one("select expires_at - created_at from email_code where id = %s",
                        undo_of(shop, former)["undo_id"])
    assert lasts.days == 7
    other = shop.customer()
    changed(shop, other, former)
    refused(undo(shop, undo_of(shop, former)), 409, "already_exists")
    assert other.do("getMe")["email"] == former
    shop.db.rows("update email_code set expires_at = now() where email = %s", former)
    refused(undo(shop, undo_of(shop, former)), 401)


def test_who_asks_for_a_password_with_a_former_address_gets_the_way_back_again(mail):
    person = mail.shop.customer()
    _, former = changed(mail.shop, person)
    mail.smtp.wait_for(former, 1)
    asked = mail.shop.anonymous().do("requestPasswordReset", body={"email": former})
    again = mail.smtp.wait_for(former, 2)[-1]
    assert link_of(again, "email-undos") == [tuple(undo_of(mail.shop, former).values())]
    code = {"request_id": asked["request_id"],
            "code": letters_of(mail.shop.server, asked["request_id"])}
    refused(mail.shop.anonymous().call("resetPassword", body={**code, "password": NEW}), 401)


def test_a_locked_account_stays_locked_and_its_way_back_works_afterwards(shop):
    person = shop.customer()
    _, former = changed(shop, person)
    shop.admin().do("lockUser", user_id=person.id, body={"reason": "Stolen"})
    refused(undo(shop, undo_of(shop, former)), 403, "account_locked")
    shop.admin().do("unlockUser", user_id=person.id, body={"reason": "Found"})
    assert undo(shop, undo_of(shop, former)).status_code == 204
