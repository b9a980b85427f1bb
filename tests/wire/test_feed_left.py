"""Who hangs up while a poll waits leaves its place to others."""
import socket

from harness.feed import Device, parked
from harness.shop import Shop
from harness.wait import until

PLACES = 256  # of one owner, as src/base/limits.h says


def hang_up(device, count):
    """So many polls that are begun and closed."""
    request = (f"GET /v1/events?wait=50&after={device.cursor} HTTP/1.1\r\nHost: shop\r\n"
               f"Authorization: Bearer {device.actor.access_token}\r\n\r\n").encode()
    opened = []
    for _ in range(count):
        opened.append(socket.create_connection(("127.0.0.1", device.actor.server.port), timeout=10))
        opened[-1].sendall(request)
    until(lambda: parked(device.actor.server) == count)
    for one in opened:
        one.close()


def test_polls_that_were_hung_up_make_room(own_server):
    server = own_server()
    me = Device(Shop(server).customer())
    for _ in range(6):  # several times what both processes have room for
        hang_up(me, PLACES - 20)
        until(lambda: parked(server) == 0)
    for _ in range(4):
        me.poll(wait=1)
