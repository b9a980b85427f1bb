"""What pages of other origins need, as browsers have it: CORS, and streams without headers."""
import pytest
import requests

from conftest import serving
from harness.client import refused, together
from harness.contract import DOCUMENT
from harness.feed import Device
from harness.shop import Shop

SHOP, APP, OTHER = "https://shop.example", "capacitor://localhost", "https://shop.example.evil"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH",
             "Access-Control-Request-Headers": "authorization,if-match"}
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def open_shop():
    """A shop that names two origins."""
    with serving(SEBEZ_PROCESSES="2", SEBEZ_ORIGINS=f"{SHOP} {APP}",
                 SEBEZ_LOG_LEVEL="debug") as server:
        yield Shop(server)


def words(header):
    return {word.strip().lower() for word in header.split(",")}


def of_cors(answer):
    return {name for name in answer.headers if name.startswith("Access-Control-")}


def ask(shop, path, method="GET", origin=SHOP, **headers):
    return requests.request(method, shop.server.url + path, timeout=60, headers={
        **({"Origin": origin} if origin else {}), **headers})


# -- CORS -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/v1/products", "/v1/products?", "/openapi.json", "/v1/me", "/no",
                                  "/v1/products?limit=x"])
def test_every_answer_may_be_read_by_a_named_origin_and_by_no_other(open_shop, path):
    for origin in (SHOP, OTHER, APP, None, SHOP, "null", SHOP.upper()):  # the cache has the first
        for _ in range(3):
            answer = ask(open_shop, path, origin=origin)
            assert "origin" in words(answer.headers["Vary"])
            if origin in (SHOP, APP):
                assert answer.headers["Access-Control-Allow-Origin"] == origin
                assert "Access-Control-Allow-Credentials" not in answer.headers
            else:
                assert not of_cors(answer)
        assert answer.status_code == ask(open_shop, path, origin=None).status_code


@pytest.mark.parametrize("path", ["/v1/me", "/v1/nothing/here", "/v1/products/%zz"])
def test_a_browser_that_asks_first_is_told(open_shop, path):
    answer = ask(open_shop, path, "OPTIONS", **PREFLIGHT)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "patch" in words(answer.headers["Access-Control-Allow-Methods"])
    assert {"authorization", "if-match"} <= words(answer.headers["Access-Control-Allow-Headers"])
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert not of_cors(ask(open_shop, path, "OPTIONS", origin=OTHER, **PREFLIGHT))


def test_the_contracts_headers_may_be_sent_and_read(open_shop):
    """But for those that may always be (https://fetch.spec.whatwg.org), and the one that only pages
    of this server may send."""
    answer = ask(open_shop, "/v1/me", "OPTIONS", **PREFLIGHT)
    parameters = {p["name"] for p in DOCUMENT["components"]["parameters"].values()
                  if p["in"] == "header"}
    allowed = words(answer.headers["Access-Control-Allow-Headers"])
    assert {name.lower() for name in parameters} - allowed == {"x-refresh-token"}
    exposed = words(ask(open_shop, "/v1/me").headers["Access-Control-Expose-Headers"])
    told = {name.lower() for response in DOCUMENT["components"]["responses"].values()
            for name in response.get("headers", {})}
    assert told - {"content-language", "cache-control"} <= exposed


def test_without_a_list_there_is_no_other_origin(shop):
    for answer in (ask(shop, "/v1/products"), ask(shop, "/v1/me", "OPTIONS", **PREFLIGHT)):
        assert not of_cors(answer) and "Vary" not in answer.headers
    assert ask(shop, "/v1/products", origin=shop.server.url).status_code == 200


def test_a_poll_that_waited_and_a_stream_may_be_read(open_shop):
    me = Device(open_shop.customer())
    bearer = {"Authorization": f"Bearer {me.actor.access_token}"}
    polled = ask(open_shop, f"/v1/events?wait=1&after={me.cursor}", **bearer)
    assert polled.headers["Access-Control-Allow-Origin"] == SHOP
    with requests.get(f"{open_shop.server.url}/v1/events", stream=True, timeout=60,
                      headers={**STREAM, **bearer, "Origin": APP}) as stream:
        assert stream.headers["Access-Control-Allow-Origin"] == APP


# -- tickets --------------------------------------------------------------------------------------

def stream_status(shop, path, **headers):
    with requests.get(shop.server.url + path, stream=True, timeout=60,
                      headers={**STREAM, **headers}) as answer:
        return answer.status_code


def ticket_of(actor):
    return actor.do("createEventsTicket")["ticket"]


def test_a_ticket_opens_a_stream_once(shop):
    me = Device(shop.customer())
    path = f"/v1/events?after={me.cursor}&ticket={ticket_of(me.actor)}"
    assert [stream_status(shop, path) for _ in range(3)] == [200, 401, 401]


def test_of_many_who_bring_one_ticket_at_once_one_comes_in(shop):
    path = f"/v1/events?ticket={ticket_of(shop.customer())}"
    assert sorted(together(8, lambda _: stream_status(shop, path))) == [200] + 7 * [401]


def test_a_ticket_is_of_its_account_and_good_for_streams_only(shop):
    vendor, customer = shop.vendor(), shop.customer()
    path = f"/v1/vendors/{vendor.id}/events?ticket="
    assert stream_status(shop, path + ticket_of(vendor.owner)) == 200
    assert stream_status(shop, path + ticket_of(customer)) == 404
    assert requests.get(f"{shop.server.url}/v1/me?ticket={ticket_of(customer)}",
                        timeout=60).status_code == 401


def test_a_ticket_ends_with_its_session_and_with_its_time(shop):
    customer = shop.customer()
    early, late = ticket_of(customer), ticket_of(customer)
    (key,) = [key for key in shop.server.redis().keys("sebez:ticket:*") if early.encode() in key]
    assert 0 < shop.server.redis().ttl(key) <= 30
    shop.server.redis().delete(key)  # as its end does
    assert stream_status(shop, f"/v1/events?ticket={early}") == 401
    customer.do("logout")
    assert stream_status(shop, f"/v1/events?ticket={late}") == 401


@pytest.mark.parametrize("ticket", ["", "x", 43 * "A", 44 * "A", "%00", "a%0d%0aGET", 4000 * "a"])
def test_what_is_no_ticket_is_refused(shop, ticket):
    assert stream_status(shop, f"/v1/events?ticket={ticket}") == 401


def test_a_ticket_is_in_no_log(open_shop):
    ticket = ticket_of(open_shop.customer())
    assert stream_status(open_shop, f"/v1/events?ticket={ticket}&limit=x") == 400
    assert stream_status(open_shop, f"/v1/events?ticket={ticket}") == 401  # it was used up
    log = open_shop.server.log.read_text(errors="replace")
    assert "/v1/events" in log and ticket not in log


def test_who_brings_a_token_needs_no_ticket(shop):
    customer = shop.customer()
    refused(customer.call("createEventsTicket", headers={"Authorization": "Bearer x"}), 401)
    ticket = ticket_of(customer)
    bearer = {"Authorization": f"Bearer {customer.access_token}"}
    assert stream_status(shop, f"/v1/events?ticket={ticket}", **bearer) == 200
    assert stream_status(shop, f"/v1/events?ticket={ticket}") == 200
