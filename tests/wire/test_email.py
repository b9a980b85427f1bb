"""E-mail addresses and passwords, however they are spelled."""
import pytest
from harness.client import refused
from harness.codes import registered
from harness.sessions import credentials
from harness.shop import PASSWORD, fresh

COMPOSED, DECOMPOSED = "pr\u00e9cieux", "pre\u0301cieux"
SPELLINGS = [
    " {}@example.com", "{}@example.com\u00a0", "{}\u200b@exam\u00adple.com", "\ufeff{}@EXAMPLE.com",
    "{}＠ｅｘａｍｐｌｅ．ｃｏｍ", "{}@ex\u0430mple.com",
]
LETTERS = {"k": "\u212a", "i": "\u0130", "a": "\u0430"}  # kelvin's, with a dot, Cyrillic


def spellings_of(name):
    """Of name@example.com, whose name has a k, an i and an a."""
    return [spelling.format(name) for spelling in SPELLINGS] + \
        [name.replace(letter, like) + "@example.com" for letter, like in LETTERS.items()]


def test_what_looks_like_an_address_signs_in_to_its_account(shop):
    name = fresh("kia")
    person = shop.anonymous().register(f"  {name}@Example.com\n", PASSWORD, "Kia")
    assert person.account["email"] == name + "@example.com"
    for spelling in spellings_of(name):
        assert shop.anonymous().login(spelling, PASSWORD).id == person.id, ascii(spelling)


def test_what_looks_like_an_address_makes_no_second_account(shop):
    name = fresh("kia")
    shop.anonymous().register(name + "@example.com", PASSWORD, "Kia")
    for spelling in spellings_of(name):
        body = registered(shop, spelling, name="Mallory")
        refused(shop.anonymous().call("confirmRegistration", body=body), 409, "already_exists")
        shop.db.rows("delete from email_code where id = %s", body["registration_id"])


def test_digits_and_accents_tell_addresses_apart(shop):
    name = fresh("jose1")
    people = {shop.anonymous().register(spelling + "@example.com", PASSWORD, "José").id
              for spelling in (name, name.replace("jose1", "josel"), name.replace("e", "é", 1))}
    assert len(people) == 3


def test_an_international_domain_is_ascii(shop):
    name = fresh("ada")
    person = shop.anonymous().register(name + "@MÜNCHEN.example", PASSWORD, "Ada")
    assert person.account["email"] == name + "@xn--mnchen-3ya.example"
    for domain in ("xn--mnchen-3ya.example", "mu\u0308nchen.example", "münchen。example"):
        assert shop.anonymous().login(f"{name}@{domain}", PASSWORD).id == person.id


@pytest.mark.parametrize("email", [
    "a da@example.com", "a\u3000da@example.com", "a\u2800da@example.com", "\u200b@example.com",
    "ada@exa mple.com", "ada@example", "ada@-.example", "ada@xn--.example",
    "ada\ue000@example.com"])
def test_an_address_is_of_what_can_be_seen(shop, email):
    refused(shop.anonymous().call("registerAccount", body={
        "email": email, "password": PASSWORD, "name": "Ada"}), 400, field="/email")


def test_whoever_guesses_at_an_address_guesses_at_all_its_spellings(shop):
    name, guesser = fresh("kia"), shop.anonymous()
    shop.anonymous().register(name + "@example.com", PASSWORD, "Kia")
    shop.server.forget_limits()
    spellings = spellings_of(name) + [name + "@example.com"]
    guesser.patient = False
    codes = [guesser.call("login", body={"email": spellings[i % len(spellings)],
                                         "password": "wrong wrong"}).status_code for i in range(12)]
    assert codes == 10 * [401] + 2 * [429]


def test_a_password_is_the_same_however_its_letters_are_composed(shop):
    email = fresh("pw") + "@example.com"
    person = shop.anonymous().register(email, DECOMPOSED, "Ada")
    assert shop.anonymous().login(email, COMPOSED).id == person.id
    person.do("setMyPassword", body={"password": "\u00e9t\u00e9 \u00e9t\u00e9s",
                                     "current_password": COMPOSED})
    assert shop.anonymous().login(email, "e\u0301te\u0301 e\u0301te\u0301s").id == person.id


def test_a_password_that_was_hashed_as_typed_goes_on_working(shop):
    person = shop.customer()
    # DECOMPOSED, as it was typed
    old = ("$argon2id$v=19$m=19456,t=2,p=1$hx3TSfXD53vj/Up7AN3Q7w$BvoVNo"
           "e5Bq/WnevaOg8iq24tsDASUnHD+QnYUYhIL98")
    shop.db.rows("update account set password_hash = %s where id = %s", old, person.id)
    email = person.account["email"]
    refused(shop.anonymous().call("login", body=credentials(person, COMPOSED)), 401)
    assert shop.anonymous().login(email, DECOMPOSED).id == person.id
    assert shop.anonymous().login(email, COMPOSED).id == person.id


def of_before_there_were_keys(shop, email):
    person = shop.customer()
    shop.db.rows("update account set email = %s, email_key = %s where id = %s", email, email,
                 person.id)
    return person


def test_an_address_of_before_there_were_keys_gets_one_when_it_signs_in(shop):
    name = fresh("kia")
    person = of_before_there_were_keys(shop, name.replace("k", "\u212a") + "@example.com")
    assert shop.anonymous().login(name.replace("k", "\u212a") + "@Example.com", PASSWORD).id \
        == person.id
    assert shop.anonymous().login(name + "@example.com", PASSWORD).id == person.id
    kept = shop.db.one("select email from account where id = %s", person.id)
    assert kept == name + "@example.com"


def test_of_two_old_accounts_that_look_alike_each_goes_on_signing_in(shop):
    kim = shop.customer()
    like = kim.account["email"].replace("@", "\u200b@")
    person = of_before_there_were_keys(shop, like)
    for _ in range(2):
        assert shop.anonymous().login(like, PASSWORD).id == person.id
    assert shop.anonymous().login(kim.account["email"], PASSWORD).id == kim.id
