"""A browser keeps its refresh token in a cookie that no script can read and no other site can use.
The client's jar plays the browser: it sends the cookie where its path says."""
import re

import pytest
from harness.authenticator import passkey_of
from harness.client import refused
from harness.contract import OPERATIONS
from harness.sessions import credentials
from harness.totp import code_of, enrolled

PLACE = {"X-Refresh-Token": "cookie"}
COOKIE = re.compile(r"sebez_refresh=rt1_[\w-]{43}; Path=/v1/auth; Max-Age=[1-9]\d+; HttpOnly; "
                    r"SameSite=Strict")
HOST_COOKIE = re.compile(r"__Host-sebez_refresh=(rt1_[\w-]{43}); Path=/; Secure; "
                         r"Max-Age=[1-9]\d+; HttpOnly; SameSite=Strict")


def sign_in(shop, person, **headers):
    browser = shop.anonymous()
    answer = browser.call("login", body=credentials(person), headers={**PLACE, **headers})
    return browser, answer


def renew(browser, headers=PLACE, token="cookie"):
    return browser.call("refresh", body={"refresh_token": token}, headers=headers)


def kept(browser):
    return browser.session.cookies.get("sebez_refresh")


def test_the_token_is_in_a_cookie_and_nowhere_in_the_answer(shop):
    browser, answer = sign_in(shop, shop.customer())
    assert COOKIE.fullmatch(answer.headers["Set-Cookie"])
    assert answer.json()["refresh_token"] == "cookie" and kept(browser) not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_over_https_the_cookie_is_for_https_and_this_host_only(shop):
    https = {"Origin": "https://shop.example"}
    _, answer = sign_in(shop, shop.customer(), **https)
    token = HOST_COOKIE.fullmatch(answer.headers["Set-Cookie"])[1]
    planted = {**PLACE, **https, "Cookie": f"sebez_refresh={token}"}
    refused(renew(shop.anonymous(), headers=planted), 401, "unauthenticated")
    own = {**planted, "Cookie": f"sebez_refresh=rt1_; __Host-sebez_refresh={token}"}
    renewed = renew(shop.anonymous(), headers=own)
    assert renewed.status_code == 200 and HOST_COOKIE.fullmatch(renewed.headers["Set-Cookie"])
    gone = shop.anonymous().call("logout", token=renewed.json()["access_token"],
                                 headers={**PLACE, **https}, body={"refresh_token": "cookie"})
    assert gone.headers["Set-Cookie"].startswith(
        "__Host-sebez_refresh=; Path=/; Secure; Max-Age=0;")


def test_a_request_with_two_cookies_is_refused(shop):
    browser, _ = sign_in(shop, shop.customer())
    cookies = [f"sebez_refresh={kept(browser)}", "sebez_refresh=rt1_planted"]
    for both in (cookies, cookies[::-1]):
        answer = renew(shop.anonymous(), headers={**PLACE, "Cookie": "; ".join(both)})
        refused(answer, 400, "invalid_input")
    assert renew(browser).status_code == 200


def test_a_refresh_that_is_rolled_back_leaves_the_cookie_as_it_is(shop):
    person = shop.customer()
    browser, _ = sign_in(shop, person)
    before = kept(browser)
    shop.db.rows("create function refuse_refresh() returns trigger language plpgsql as "
                 "$$begin raise exception 'not now'; end$$")
    shop.db.rows("create constraint trigger refuse_refresh after insert on refresh_token "
                 "deferrable initially deferred for each row execute function refuse_refresh()")
    try:
        answer = browser.call("refresh", body={"refresh_token": "cookie"}, headers=PLACE,
                              may_fail=True)
    finally:
        shop.db.rows("drop function refuse_refresh cascade")
    assert answer.status_code >= 500 and "Set-Cookie" not in answer.headers
    assert kept(browser) == before and renew(browser).status_code == 200


def test_each_refresh_changes_the_cookie_and_only_it(shop):
    browser, _ = sign_in(shop, shop.customer())
    first = kept(browser)
    answer = renew(browser)
    assert answer.json()["refresh_token"] == "cookie" and kept(browser) != first
    assert browser.call("getMe", token=answer.json()["access_token"]).status_code == 200
    assert renew(browser).status_code == 200


def test_after_the_second_factor_the_token_is_in_a_cookie_too(shop):
    person = enrolled(shop, shop.customer())
    browser, challenge = sign_in(shop, person)
    assert challenge.status_code == 202 and "Set-Cookie" not in challenge.headers
    answer = browser.call("answerChallenge", headers=PLACE, body={
        "challenge_id": challenge.json()["challenge_id"], "code": code_of(shop, person)})
    assert answer.json()["refresh_token"] == "cookie"
    assert COOKIE.fullmatch(answer.headers["Set-Cookie"])


def test_a_passkey_signs_in_with_the_token_in_a_cookie_too(shop):
    device = passkey_of(shop, shop.customer())
    browser = shop.anonymous()
    for place, status in (("here", 400), ("cookie", 200)):
        options = browser.do("beginPasskeySignIn", body={})["options"]
        answer = browser.call("signInByPasskey", headers={"X-Refresh-Token": place},
                              body={"credential": device.get(options)})
        assert answer.status_code == status
    assert answer.json()["refresh_token"] == "cookie"
    assert COOKIE.fullmatch(answer.headers["Set-Cookie"])


def test_signing_out_ends_the_session_and_takes_the_cookie_away(shop):
    browser, answer = sign_in(shop, shop.customer())
    before = kept(browser)
    gone = browser.call("logout", token=answer.json()["access_token"], headers=PLACE,
                        body={"refresh_token": "cookie"})
    assert gone.status_code == 204 and kept(browser) is None
    refused(renew(browser), 401, "unauthenticated")
    refused(renew(browser, headers={}, token=before), 401, "unauthenticated")


def test_without_the_header_the_cookie_is_neither_used_nor_made(shop):
    person = shop.customer()
    browser, _ = sign_in(shop, person)
    cookie = kept(browser)
    refused(renew(browser, headers={}), 401, "unauthenticated")
    plain = shop.anonymous().call("login", body=credentials(person))
    assert "Set-Cookie" not in plain.headers and plain.json()["refresh_token"].startswith("rt1_")
    assert kept(browser) == cookie and renew(browser).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_page_of_another_origin_has_no_use_of_the_cookie(shop, site):
    person = shop.customer()
    browser, _ = sign_in(shop, person)
    cookie = kept(browser)
    refused(renew(browser, headers={**PLACE, "Sec-Fetch-Site": site}), 403, "forbidden")
    assert kept(browser) == cookie and renew(browser).status_code == 200
    _, answer = sign_in(shop, person, **{"Sec-Fetch-Site": site})
    refused(answer, 403, "forbidden")
    assert "Set-Cookie" not in answer.headers


def test_other_cookies_and_a_broken_one_sign_nobody_in(shop):
    for cookie in ("", "sebez_refresh", "sebez_refresh=", "a=1; sebez_refresh=rt1_short",
                   "xsebez_refresh=rt1_" + 43 * "A", ";;; =", "sebez_refresh=" + 4000 * "x"):
        answer = renew(shop.anonymous(), headers={**PLACE, "Cookie": cookie})
        refused(answer, 401, "unauthenticated")
    browser, _ = sign_in(shop, shop.customer())
    among = f"theme=dark; xsebez_refresh=1;sebez_refresh={kept(browser)}; b=2"
    assert renew(shop.anonymous(), headers={**PLACE, "Cookie": among}).status_code == 200


def test_another_place_is_refused_with_the_headers_name(shop):
    answer = renew(shop.anonymous(), headers={"X-Refresh-Token": "here"})
    refused(answer, 400, "invalid_input")
    assert answer.json()["errors"][0]["field"] == "X-Refresh-Token"


def test_every_operation_that_signs_in_may_keep_the_token_there():
    signs_in = {name for name, operation in OPERATIONS.items()
                if any(response.get("$ref", "").endswith("/SignedIn")
                       for response in operation.spec["responses"].values())}
    told = {name for name, operation in OPERATIONS.items()
            if "X-Refresh-Token" in operation.names("header")}
    assert len(signs_in) >= 6 and told == signs_in | {"logout"}
