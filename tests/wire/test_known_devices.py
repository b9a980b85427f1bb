"""Sessions by device: what they are called, ending the others, and telling of new devices."""
import os
import tempfile
import uuid

import pytest
from conftest import serving
from harness.client import refused
from harness.codes import registered
from harness.countries import file_of
from harness.notices import followed
from harness.notices import told as told_in_app
from harness.server import TMP, folder
from harness.sessions import again, credentials
from harness.shop import PASSWORD, Shop, fresh
from harness.totp import code_of, enrolled

CHROME = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/142.0.0.0 Safari/537.36")
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
          "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1")


def signed_in(shop, person, agent=None, who=None, **device):
    """The person once more, from an address of its own."""
    who = who or shop.anonymous()
    headers = {"User-Agent": agent} if agent else {}
    return who._signed_in(who.do("login", token=None, headers=headers,
                                 body={**credentials(person), **device}))


def named(person):
    (mine,) = [s for s in person.do("listMySessions")["items"] if s["current"]]
    return mine["device_name"]


def told(shop, person):
    """What mails said of new devices, oldest first."""
    return [row["facts"]["device"] for row in shop.db.rows(
        "select facts from mail_letter where account_id = %s and text_key = 'mail.new_device' "
        "order by created_at", person.id)]


def listed(shop, person):
    followed(shop.db)
    return [n for n in told_in_app(person) if n["kind"] == "new_device"]


def test_the_device_that_registered_is_known_at_its_first_sign_in(shop):
    email, device = fresh("ada") + "@example.com", str(uuid.uuid4())
    person = shop.anonymous()
    person._signed_in(person.do("confirmRegistration", body={
        **registered(shop, email, PASSWORD), "device_id": device, "device_name": "Ada's phone"}))
    assert named(person) == "Ada's phone"
    person.account["email"] = email
    signed_in(shop, person, SAFARI, device_id=device)
    assert told(shop, person) == []
    signed_in(shop, person, CHROME, device_id=str(uuid.uuid4()))
    assert told(shop, person) == ["Chrome on Windows"]


@pytest.mark.parametrize("agent, words", [
    (CHROME, "Chrome on Windows"), (SAFARI, "Safari on iPhone"),
    (CHROME + " Edg/142.0", "Edge on Windows"), ("okhttp/4.12.0", "okhttp"),
    ("Sebez/1.0 (Android 16)", "Sebez on Android"), ("Mozilla/5.0 (X11)", None), ("(", None)])
def test_a_session_is_called_by_its_user_agent_in_a_few_words(shop, agent, words):
    assert named(signed_in(shop, shop.customer(), agent)) == words


def test_a_session_is_called_as_its_app_says(shop):
    other = signed_in(shop, shop.customer(), CHROME, device_name=" Ada's laptop ")
    assert named(other) == "Ada's laptop"
    (mine,) = [s for s in other.do("listMySessions")["items"] if s["current"]]
    assert mine["address"] == other.address
    refused(other.call("login", token=None, body={**credentials(other, PASSWORD),
                                                  "device_name": 61 * "x"}), 400,
            field="/device_name")


def test_all_other_sessions_are_ended_at_once(shop):
    person, eve = shop.customer(), shop.customer()
    others = [again(shop, person) for _ in range(3)]
    assert person.call("endOtherSessions").status_code == 204
    assert [other.call("getMe").status_code for other in others] == 3 * [401]
    assert person.call("getMe").status_code == 200 and eve.call("getMe").status_code == 200


def test_a_mail_tells_of_a_device_that_is_new_and_of_none_twice(shop):
    person = shop.customer()
    assert told(shop, person) == []  # nor of the one that registered
    other = signed_in(shop, person, CHROME)
    assert told(shop, person) == ["Chrome on Windows"]
    signed_in(shop, person, CHROME, who=other)
    signed_in(shop, person, CHROME.replace("142", "143"), who=other)
    assert len(told(shop, person)) == 1
    signed_in(shop, person, SAFARI, who=other)
    signed_in(shop, person, CHROME)  # elsewhere
    assert told(shop, person) == ["Chrome on Windows", "Safari on iPhone", "Chrome on Windows"]


def test_the_list_of_notices_tells_of_a_new_device_with_the_session_that_it_began(shop):
    person = shop.customer()
    assert listed(shop, person) == []
    other = signed_in(shop, person, CHROME)
    signed_in(shop, person, CHROME, who=other)
    (notice,) = listed(shop, person)
    (session,) = [s for s in person.do("listMySessions")["items"]
                  if s["id"] == notice["data"]["session_id"]]
    assert session["device_name"] == "Chrome on Windows" and not session["current"]
    assert (notice["class"], notice["link"]) == ("system", f"/sessions/{session['id']}")
    assert "\u2068Chrome on Windows\u2069" in notice["text"]["body"]
    shop.db.rows("delete from session where id = %s", session["id"])  # as after its end
    assert "a device that we do not know. If" in listed(shop, person)[0]["text"]["body"]


def test_an_app_that_says_which_device_it_is_is_known_everywhere(shop):
    person, mine = shop.customer(), str(uuid.uuid4())
    for _ in range(2):
        signed_in(shop, person, CHROME, device_id=mine, device_name="Laptop")
    signed_in(shop, person, SAFARI, device_id=mine, device_name="Laptop")
    assert told(shop, person) == ["Laptop"]


def test_an_id_is_of_one_account(shop):
    """Whoever gives it with another account is new there."""
    ada, eve, mine = shop.customer(), shop.customer(), str(uuid.uuid4())
    signed_in(shop, ada, device_id=mine)
    signed_in(shop, eve, device_id=mine)
    assert len(told(shop, eve)) == 1


def test_a_new_device_is_told_of_when_the_second_factor_was_right(shop):
    person, thief = enrolled(shop, shop.customer()), shop.anonymous()
    challenge = thief.do("login", body=credentials(person))
    assert told(shop, person) == []
    body = {"challenge_id": challenge["challenge_id"], "code": code_of(shop, person)}
    thief._signed_in(thief.do("answerChallenge", body={**body, "device_name": "Cellar"}))
    assert told(shop, person) == ["Cellar"] and named(thief) == "Cellar"


def test_an_account_keeps_fifty_devices(shop):
    person = shop.customer()
    shop.db.rows("insert into account_device (account_id, key, last_seen_at) select %s, "
                 "sha256(n::text::bytea), now() - make_interval(days => n) "
                 "from generate_series(1, 60) n", person.id)
    signed_in(shop, person, CHROME)
    assert shop.db.one("select count(*) from account_device where account_id = %s", person.id) == 50


@pytest.fixture
def countries():
    """A file that whoever serves may read."""
    with tempfile.NamedTemporaryFile(dir=TMP, suffix=".mmdb") as file:
        file.write(file_of({"127.0.0.0/9": "ET", "127.128.0.0/9": "KE", "2001:db8::/32": "US"}))
        file.flush()
        os.chmod(file.name, 0o644)
        yield file.name


def test_a_session_tells_the_country_where_it_began(countries):
    with serving(SEBEZ_COUNTRIES_FILE=countries, SEBEZ_PROCESSES=1) as server:
        shop = Shop(server)
        person = shop.customer()
        other = signed_in(shop, person, CHROME)
        assert {s["country"] for s in other.do("listMySessions")["items"]} == {"ET"}
        (facts,) = [row["facts"] for row in shop.db.rows(
            "select facts from mail_letter where account_id = %s", person.id)]
        assert facts["address"].startswith("127.") and facts["address"].endswith(" (ET)")


def test_without_a_file_no_country_is_known_and_a_wrong_one_is_refused(shop, tmp_path):
    assert [s["country"] for s in shop.customer().do("listMySessions")["items"]] == [None]
    (tmp_path / "empty").write_bytes(b"")
    for wrong in (tmp_path / "empty", tmp_path / "absent"):
        with folder(SEBEZ_COUNTRIES_FILE=wrong) as server:
            done = server.sebez("serve", check=False)
        assert done.returncode != 0 and "SEBEZ_COUNTRIES_FILE" in done.stderr
