"""HTTP itself, byte by byte, as proxies and odd clients speak it."""
import concurrent.futures
import contextlib
import json
import pathlib
import re
import socket

import pytest
import requests

from conftest import serving
from harness.contract import BUILD
from harness.feed import members
from harness.shop import PASSWORD, Shop
from harness.wait import until


@pytest.fixture(scope="module")
def proxied():
    """A shop behind a proxy, whose part the tests play."""
    with serving(SEBEZ_PROCESSES="1", SEBEZ_BEHIND_PROXY="yes") as server:
        yield Shop(server)


def dial(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def ask(server, *lines, body=b""):
    """The whole answer to one request: its status and everything that came."""
    with dial(server) as peer:
        head = "\r\n".join([*lines, "Host: test", "Connection: close", "", ""])
        peer.sendall(head.encode("latin-1") + body)
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    return int(answer.split()[1]), answer


def guess(server, email, *forwarded):
    body = json.dumps({"email": email, "password": "wrong wrong"}).encode()
    status, _ = ask(server, "POST /v1/auth/login HTTP/1.1", "Content-Type: application/json",
                    f"Content-Length: {len(body)}",
                    *(f"X-Forwarded-For: {line}" for line in forwarded), body=body)
    return status


def test_a_client_cannot_choose_the_address_it_is_counted_by(proxied):
    email = proxied.customer().account["email"]
    proxied.server.forget_limits()
    codes = [guess(proxied.server, email, f"198.51.100.{n}", "192.0.2.7") for n in range(11)]
    assert codes == 10 * [401] + [429]
    assert guess(proxied.server, email, "192.0.2.7", "192.0.2.8") == 401


def test_an_ipv6_network_is_counted_as_one(proxied):
    email = proxied.customer().account["email"]
    proxied.server.forget_limits()
    codes = [guess(proxied.server, email, f"2001:db8::{n}") for n in range(11)]
    assert codes == 10 * [401] + [429]


def test_a_session_is_from_the_client_s_address(proxied):
    person = proxied.customer()
    body = json.dumps({"email": person.account["email"], "password": PASSWORD}).encode()
    status, _ = ask(proxied.server, "POST /v1/auth/login HTTP/1.1",
                    "Content-Type: application/json", f"Content-Length: {len(body)}",
                    "X-Forwarded-For: 198.51.100.1, 2001:DB8::7", body=body)
    assert status == 200
    assert proxied.db.one("select address from session where account_id = %s "
                          "order by created_at desc limit 1", person.id) == "2001:db8::7"


# The bytes of these headers and libmicrohttpd's entries for the cookies exceed its memory of a
# connection together.
COOKIES = ["Cookie: " + "; ".join(f"c{line}{n:02}={63 * 'v'}" for n in range(30))
           for line in range(4)]
GET = ["GET /healthz HTTP/1.1", "Host: test"]
POST = ["POST /v1/auth/login HTTP/1.1", "Host: test", "Content-Type: application/json"]
CHUNKED = [*POST, "Transfer-Encoding: chunked", ""]
# What is no request, or more than a connection has memory for.
MALFORMED = {
    "the cookies do not fit": (431, [f"GET /{7500 * 'a'} HTTP/1.1", "Host: test", *COOKIES]),
    "the target does not fit": (414, [f"GET /{40000 * 'a'} HTTP/1.1", "Host: test"]),
    "the target is longer than an address": (414, [f"GET /?q={8200 * 'a'} HTTP/1.1", "Host: test"]),
    "there are too many parameters": (414, [f"GET /?{260 * 'a=b&'} HTTP/1.1", "Host: test"]),
    "the headers do not fit": (431, [*GET, f"X-Long: {40000 * 'a'}"]),
    "there are too many headers": (431, [*GET, *(400 * ["X: y"])]),
    "a header has no colon": (400, [*GET, "X y"]),
    "a space is before a colon": (400, [*POST, "Content-Length : 2"]),
    "a header is folded": (400, [*GET, "X: y", " z"]),
    "there is no host": (400, ["GET / HTTP/1.1"]),
    "there are two hosts": (400, [*GET, "Host: other"]),
    "the host is a list": (400, ["GET / HTTP/1.1", "Host: a, b"]),
    "NUL is in a value": (400, [*GET, "X: y\0z"]),
    "CR is in a value": (400, [*GET, "X: y\rz"]),
    "LF ends a line": (400, [*GET, "X: y\nZ: z"]),
    "NUL is in the target": (400, ["GET /\0 HTTP/1.1", "Host: test"]),
    "the length is no number": (400, [*POST, "Content-Length: x"]),
    "the length is absurd": (400, [*POST, "Content-Length: 18446744073709551618"]),
    "the length is negative": (400, [*POST, "Content-Length: -1"]),
    "the length is there twice": (400, [*POST, "Content-Length: 2", "Content-Length: 2"]),
    "the length is beside chunks": (400, [*CHUNKED[:-1], "Content-Length: 2"]),
    "the coding is unknown": (400, [*POST, "Transfer-Encoding: gzip, chunked"]),
    "a chunk has no length": (400, [*CHUNKED, "zz"]),
    "a chunk is longer than it says": (400, [*CHUNKED, "1", "{}"]),
    "the version is unknown": (400, ["GET / HTTP/3.0", "Host: test"]),
    "it is no HTTP": (400, ["\x16\x03\x01\x02\0\x01\0\x01"]),
}


@pytest.mark.parametrize("shape", MALFORMED)
def test_what_is_no_request_is_answered_with_a_problem_and_ended(proxied, shape):
    status, lines = MALFORMED[shape]
    good = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
    for before in ("", good):
        with dial(proxied.server) as peer:
            peer.sendall((before + "\r\n".join([*lines, "", ""]) + good).encode("latin-1"))
            answer = b"".join(iter(lambda: peer.recv(65536), b""))  # to the end
        *first, head, body = re.split(rb"\r\n\r\n|(?<=})(?=HTTP)", answer)
        assert [part[:12] for part in first[::2]] == ([b"HTTP/1.1 200"] if before else [])
        assert head.startswith(b"HTTP/1.1 %d " % status) and b"\r\nConnection: close" in head
        names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
        assert len(set(names)) == len(names)
        problem = json.loads(body)
        assert b"Content-Type: application/problem+json" in head
        assert (problem["status"], problem["detail"][-1]) == (status, ".")
        assert problem["request_id"].encode() in head


@pytest.mark.parametrize("what", ["parameters", "cookies", "headers", "a long header"])
def test_whatever_its_size_a_request_has_an_answer(proxied, what):
    for count in (1, 90, 110, 130, 150, 155, 160, 165, 170, 200, 300):
        lines = {"parameters": [f"GET /v1/products?{'&'.join(count * ['ab=cd'])} HTTP/1.1"],
                 "cookies": ["GET /healthz HTTP/1.1", "Cookie: " + "; ".join(count * ["ab=cd"])],
                 "headers": ["GET /healthz HTTP/1.1", *(count * ["X-Ab: cd"])],
                 "a long header": ["GET /healthz HTTP/1.1", f"X: {count * 80 * 'x'}"]}[what]
        status = ask(proxied.server, *lines)[0]
        assert status in ((400, 414, 431) if what == "parameters" else (200, 431)), count


def provoke(server, lines, times):
    """Sends a request many times, each until the server has closed its connection."""
    def once(_):
        with dial(server) as peer, contextlib.suppress(OSError):
            peer.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(65536):
                pass

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(once, range(times)))


def memory_kb(server):
    """Of the only api process."""
    (pid,) = members(server)
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


@pytest.mark.plain  # a sanitized build keeps what is freed for a while
@pytest.mark.parametrize("shape", MALFORMED)
def test_malformed_requests_leave_nothing_in_memory(proxied, shape):
    provoke(proxied.server, MALFORMED[shape][1], 200)
    before = memory_kb(proxied.server)
    provoke(proxied.server, MALFORMED[shape][1], 1000)
    grown = memory_kb(proxied.server) - before
    assert grown < 2048 or "asan" in str(BUILD), f"{grown} KB"
    assert requests.get(proxied.server.url + "/healthz", timeout=60).status_code == 200


def test_a_body_that_nobody_asked_for_may_be_small(proxied):
    lines = ("GET /readyz HTTP/1.1", "Content-Type: application/json")
    assert ask(proxied.server, *lines, "Content-Length: 2", body=b"{}")[0] == 200
    status, answer = ask(proxied.server, *lines, "Content-Length: 5000", body=5000 * b" ")
    assert (status, b"too_large" in answer) == (413, True)
    chunk = b"1388\r\n" + 5000 * b" " + b"\r\n0\r\n\r\n"
    assert ask(proxied.server, *lines, "Transfer-Encoding: chunked", body=chunk)[0] == 413


def test_many_large_bodies_at_once_leave_room_for_small_ones(proxied):
    login = ("POST /v1/auth/login HTTP/1.1", "Content-Type: application/json")
    large = 2**20

    def sign_in(length):
        return ask(proxied.server, *login, f"Content-Length: {length}", body=b"{}".ljust(length))

    with contextlib.ExitStack() as held:
        for _ in range(64):
            peer = held.enter_context(dial(proxied.server))
            peer.sendall("\r\n".join([*login, "Host: test", f"Content-Length: {large}", "", ""])
                         .encode() + (large - 1) * b" ")
        refusals = []
        until(lambda: refusals.append(sign_in(large)) or refusals[-1][0] == 503)  # it has read all
        refusal = refusals[-1]
        assert b"Retry-After: " in refusal[1]
        assert sign_in(100)[0] == 400
    assert sign_in(large)[0] == 400


@pytest.mark.parametrize("path", ["/v1/products", "/openapi.json"])
def test_not_modified_tells_the_length_of_what_it_leaves_out(proxied, path):
    url = proxied.server.url + path
    whole = requests.get(url, timeout=60)
    length = whole.headers["Content-Length"]
    with requests.Session() as session:  # one connection: both sides agree where an answer ends
        for _ in range(3):
            known = session.get(url, headers={"If-None-Match": whole.headers["ETag"]}, timeout=60)
            assert (known.status_code, known.headers["Content-Length"]) == (304, length)
            assert session.get(url, timeout=60).content == whole.content


def test_a_list_of_entity_tags_may_be_spread_over_lines(proxied):
    mug = proxied.product()
    get = f"GET /v1/products/{mug.id} HTTP/1.1"
    tag = requests.get(f"{proxied.server.url}/v1/products/{mug.id}", timeout=60).headers["ETag"]
    for address in ("", "?&"):  # the second is not in the cache
        line = get.replace(" HTTP", f"{address} HTTP")
        assert ask(proxied.server, line, 'If-None-Match: "x"', f"If-None-Match: {tag}")[0] == 304
    person = proxied.customer()
    body = b'{"name": "Ada"}'
    edit = ("PATCH /v1/me HTTP/1.1", f"Authorization: Bearer {person.access_token}",
            "Content-Type: application/json", f"Content-Length: {len(body)}", 'If-Match: "x"')
    tag = person.call("getMe").headers["ETag"]
    assert ask(proxied.server, *edit, 'If-Match: "y"', body=body)[0] == 412
    assert ask(proxied.server, *edit, f"If-Match: {tag}", body=body)[0] == 200
