"""Requests that two servers in a row may read differently, through real proxies and without: what
is hidden in one is never served, and everybody gets the answer to their own request."""
import contextlib
import itertools
import re
import socket

import pytest
import requests

from conftest import serving
from harness.fronts import KINDS, Front
from harness.wait import until

HIDDEN = "GET /hidden HTTP/1.1\r\nHost: test\r\nX-Request-Id: hidden\r\n\r\n"
SIZE = len(HIDDEN)
CHUNK = f"{SIZE:x}\r\n{HIDDEN}\r\n0\r\n\r\n"
END = "0\r\n\r\n"


def post(*headers, body="", version="1.1", method="POST"):
    return "\r\n".join([f"{method} /v1/auth/login HTTP/{version}", "Host: test",
                        "Content-Type: application/json", *headers, "", body])


def lengths(wrong, right=f"Content-Length: {SIZE}"):
    return [post(wrong, right, body=HIDDEN), post(right, wrong, body=HIDDEN)]


def codings(coding, is_one=False):
    """Who does not see the coding believes the length, and the other way round; without a length,
    that there is no body."""
    bodies = [(END + HIDDEN, len(END + HIDDEN)), (CHUNK, len(CHUNK.split("\r\n")[0]) + 2)]
    return [post(*order, body=body) for body, count in bodies
            for order in ([f"Content-Length: {count}", coding],
                          [coding, f"Content-Length: {count}"], *([] if is_one else [[coding]]))]


DESYNC = {
    "a length and chunks": codings("Transfer-Encoding: chunked", is_one=True),
    "a space before the colon of the coding": codings("Transfer-Encoding : chunked"),
    "a tab before the value": codings("Transfer-Encoding:\tchunked", is_one=True),
    "a vertical tab before the value": codings("Transfer-Encoding: \x0bchunked"),
    "another coding": codings("Transfer-Encoding: xchunked"),
    "a list of codings": codings("Transfer-Encoding: identity, chunked"),
    "two codings": codings("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    "a quoted coding": codings('Transfer-Encoding: "chunked"'),
    "a folded coding": codings("Transfer-Encoding:\r\n chunked"),
    "a coding that is folded away": codings("X: y\r\n Transfer-Encoding: chunked"),
    "a coding behind LF": codings("X: y\nTransfer-Encoding: chunked"),
    "a coding behind CR": codings("X: y\rTransfer-Encoding: chunked"),
    "a coding behind NUL": codings("X: y\0\r\nTransfer-Encoding: chunked"),
    "a name that looks like it": [post(f"Content-Length: {len(END + HIDDEN)}",
                                       "Transfer_Encoding: chunked", body=END + HIDDEN)],
    "chunks of HTTP/1.0": [post("Transfer-Encoding: chunked", body=END + HIDDEN, version="1.0")],
    "a space before the colon of the length": lengths("Content-Length : 0")
    + [post(f"Content-Length : {SIZE}", body=HIDDEN)],
    "two lengths": lengths("Content-Length: 0"),
    "a list of lengths": [post(f"Content-Length: 0, {SIZE}", body=HIDDEN)],
    "a signed length": [post(f"Content-Length: +{SIZE}", body=HIDDEN)],
    "a length of no number": [post("Content-Length: 0x0", body=HIDDEN),
                              post("Content-Length: 0 0", body=HIDDEN),
                              post("Content-Length: ", body=HIDDEN)],
    "a length that overflows": [post(f"Content-Length: {2**64 + SIZE}", body=HIDDEN)],
    "a length with NUL": [post(f"Content-Length: {SIZE}\0", body=HIDDEN)],
    "a body where none is expected": [post(f"Content-Length: {SIZE}", body=HIDDEN, method=method)
                                      for method in ("GET", "HEAD", "OPTIONS", "DELETE", "TRACE")],
    "a body that is announced": [post("Expect: 100-continue", f"Content-Length: {SIZE}",
                                      body=HIDDEN)],
    "an extension behind LF": [post("Transfer-Encoding: chunked",
                                    body=f"2;\nxx\r\n{SIZE:x}\r\n0\r\n\r\n{HIDDEN}")],
    "a chunk with a wrong end": [post("Transfer-Encoding: chunked", body=f"2\r\nxxyy{END}{HIDDEN}"),
                                 post("Transfer-Encoding: chunked",
                                      body=f"2\r\nxx\n{END}{HIDDEN}")],
    "a chunk whose length overflows": [post("Transfer-Encoding: chunked",
                                            body=f"1{16 * '0'}0\r\n\r\n{HIDDEN}")],
    "a trailer that is a head": [post("Transfer-Encoding: chunked",
                                      body=f"0\r\nContent-Length: {SIZE}\r\n\r\n{HIDDEN}"[:-SIZE])],
    "two hosts": ["GET /healthz HTTP/1.1\r\nHost: test\r\nHost: other\r\n\r\n"],
    "another host in the target": ["GET http://other/healthz HTTP/1.1\r\nHost: test\r\n\r\n"],
    "an upgrade": [f"GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                   f"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\nContent-Length: {SIZE}\r\n\r\n"
                   + HIDDEN],
    "a head that is put off": ["GET /healthz HTTP/1.1\r\nHost: test\r\nConnection: Host\r\n\r\n"],
}
_numbers = itertools.count()


@pytest.fixture(scope="module")
def back():
    """One process, so that connections of all proxies end in it."""
    with serving(SEBEZ_PROCESSES="1", SEBEZ_LOG_LEVEL="debug") as server:
        yield server


def own_answer(port):
    name = f"own-{next(_numbers)}"
    answer = requests.get(f"http://127.0.0.1:{port}/healthz", headers={"X-Request-Id": name},
                          timeout=60)
    return answer.status_code == 200 and answer.headers["X-Request-Id"] in (name, f"front.{name}")


@pytest.fixture(scope="module", params=["none", *KINDS])
def port(request, back):
    if request.param == "none":
        yield back.port
        return
    front = Front(request.param, back)

    def serves():
        with contextlib.suppress(requests.ConnectionError):
            return own_answer(front.port)

    try:
        until(serves)
        yield front.port
    finally:
        front.end()


def say(port, text):
    """Sends it and hangs up; the answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=3) as peer:
        with contextlib.suppress(OSError):
            peer.sendall(text.encode("latin-1"))
            peer.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: peer.recv(65536), b""))
    return b""


def ids_of(server, path):
    """Of the requests for a path that were served."""
    lines = server.log.read_text(errors="replace").splitlines()
    return [re.search('"request_id":"([^"]*)"', line)[1] for line in lines
            if f'"path":"{path}"' in line]


@pytest.mark.parametrize("shape", DESYNC)
def test_what_is_hidden_is_not_served_and_nobody_gets_anothers_answer(port, back, shape):
    for text in DESYNC[shape]:
        say(port, text)
        assert all(own_answer(port) for _ in range(3))
        # A proxy that reads it as two requests, and passes on two, hides nothing.
        assert {*ids_of(back, "/hidden")} <= {"front.hidden"}, text


def test_what_is_not_hidden_is_served(port, back):
    """So the log would tell."""
    say(port, HIDDEN.replace("/hidden", f"/shown-{port}"))
    assert len(ids_of(back, f"/shown-{port}")) == 1
