#!/usr/bin/python3
"""Mails per second through the outbox, to a mail server on this machine that takes everything.

    bench/mails.py [MAILS]

A server of its own has that many mails waiting (the receipt of one order, over and over: each has
its own Message-ID) and sends them. Prints mails per second and the CPU time of the process that
sends, with and without a signature (DKIM, RSA 2048).
"""
import asyncio
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from harness.server import Server  # noqa: E402
from harness.shop import Shop  # noqa: E402
from harness.wait import until  # noqa: E402

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
TICKS = os.sysconf("SC_CLK_TCK")


class Sink(asyncio.Protocol):
    """Takes every mail and keeps nothing but their number."""
    count = 0

    def connection_made(self, transport):
        self.transport, self.rest, self.in_data = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.rest += data
        while True:
            end = self.rest.find(b"\r\n.\r\n" if self.in_data else b"\r\n")
            if end < 0:
                return
            line, self.rest = self.rest[:end], self.rest[end + (5 if self.in_data else 2):]
            if self.in_data:
                self.in_data = False
                Sink.count += 1
                self.transport.write(b"250 OK\r\n")
            elif line[:4].upper() == b"DATA":
                self.in_data = True
                self.transport.write(b"354 Go on\r\n")
            elif line[:4].upper() == b"EHLO":
                self.transport.write(b"250-sink\r\n250 8BITMIME\r\n")
            else:
                self.transport.write(b"250 OK\r\n")


def sink():
    """The port of a sink that runs in a thread."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Sink, "127.0.0.1", 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return server.sockets[0].getsockname()[1]


def jobs_of(server):
    (pid,) = [pid for pid in server.family() if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
              .split(b"\0")[1:2] == [b"jobs"]]
    return pid


def usage(pid):
    """(CPU seconds, peak of resident MB)"""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    (peak,) = [line.split()[1] for line in pathlib.Path(f"/proc/{pid}/status").read_text()
               .splitlines() if line.startswith("VmHWM")]
    return (int(fields[11]) + int(fields[12])) / TICKS, int(peak) / 1024


def measure(name, **settings):
    server = Server(SEBEZ_SMTP_URL=f"smtp://127.0.0.1:{sink()}", SEBEZ_SMTP_TLS="none",
                    SEBEZ_MAIL_FROM="shop@shop.example", SEBEZ_PUBLIC_URL="https://shop.example",
                    SEBEZ_PROCESSES=1, **settings)
    try:
        server.start()
        shop = Shop(server)
        customer = shop.customer()
        customer.order(shop.vendor().product())
        until(lambda: server.db.one("select count(*) = 0 from outbox where topic = 'mail'")
              and server.db.one("select count(*) > 0 from notice where account_id = %s",
                                customer.id))
        pid = jobs_of(server)
        (before, _), sent = usage(pid), Sink.count
        server.db.rows("insert into outbox (topic, subject_id, due_at) select 'mail', n.id, now() "
                       "from notice n, generate_series(1, %s) "
                       "where n.account_id = %s and n.kind = 'order_placed'", MAILS, customer.id)
        started = time.monotonic()
        until(lambda: server.db.one("select count(*) = 0 from outbox where topic = 'mail'"), 600)
        seconds = time.monotonic() - started
        assert Sink.count - sent == MAILS, Sink.count - sent
        after, peak = usage(pid)
        print(f"{name}: {MAILS / seconds:.0f} mails/s, {(after - before) / MAILS * 1e6:.0f} us of "
              f"CPU each, {peak:.0f} MB at most")
        server.stop()
    finally:
        server.remove()


def main():
    measure("unsigned")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        key = pathlib.Path(folder, "dkim.pem")
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt",
                        "rsa_keygen_bits:2048", "-out", key], check=True, capture_output=True)
        key.chmod(0o644)
        measure("signed", SEBEZ_DKIM_KEY_FILE=key, SEBEZ_DKIM_SELECTOR="s1")


if __name__ == "__main__":
    main()
