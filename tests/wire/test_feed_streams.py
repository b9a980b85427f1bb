"""What streams may hold: few of an account, and little for a client that does not read."""
import contextlib

import requests

from harness.feed import Device, Stream
from harness.wait import until
from test_feed_long import write_long

KERNEL_BYTES = 256 * 1024  # of one stream, as its backlog; ten times as much without a bound


def ask(device):
    return requests.get(f"{device.actor.server.url}/v1/events?after={device.cursor}", stream=True,
                        headers={"Accept": "text/event-stream",
                                 "Authorization": f"Bearer {device.actor.access_token}"},
                        timeout=60)


def test_an_account_has_so_many_streams_and_others_have_theirs(shop):
    me, other = Device(shop.customer()), Device(shop.customer())
    with contextlib.ExitStack() as held:
        answers = [held.enter_context(ask(me)) for _ in range(40)]
        refused = [a for a in answers if a.status_code == 503]
        assert {a.status_code for a in answers} == {200, 503}
        assert len(answers) - len(refused) <= 32  # 16 in each of two processes
        assert all(int(a.headers["Retry-After"]) >= 1 for a in refused)
        assert held.enter_context(ask(other)).status_code == 200
        assert me.poll(wait=1)["items"] == []  # it may still poll

    def is_in():
        with ask(me) as answer:
            return answer.status_code == 200

    until(is_in)


def unsent(stream):
    """Bytes that the kernel holds at the server's end of a stream."""
    port, own = stream.socket.getpeername()[1], stream.socket.getsockname()[1]
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return sum(int(row[4].split(":")[0], 16) for row in rows
               if row[1].endswith(f":{port:04X}") and row[2].endswith(f":{own:04X}"))


def test_a_client_that_does_not_read_holds_little_of_the_kernels_memory(talk):
    me = Device(talk.customer)
    streams = [Stream(me, reads=False) for _ in range(3)]
    seen = []
    for _ in range(20):
        write_long(talk, 1)
        seen += [unsent(stream) for stream in streams]
    assert 0 < max(seen) <= KERNEL_BYTES
    for stream in streams:
        stream.close()
