"""HTTP itself, byte by byte, as proxies and odd clients speak it."""
import json
import socket

import pytest

from conftest import after
from harness.server import Server
from harness.shop import Shop


@pytest.fixture(scope="module")
def proxied():
    """A shop behind a proxy, whose part the tests play."""
    server = Server(SEBEZ_PROCESSES="1", SEBEZ_BEHIND_PROXY="yes")
    try:
        yield Shop(server.start())
        bad = after(server)
        assert not bad, "\n".join(bad)
    finally:
        server.remove()


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
