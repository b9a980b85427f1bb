"""Those who follow a feed, by polls and by streams, and what they wait for."""
import contextlib
import http.client
import json
import socket
import threading
import time

import requests

from .wait import PATIENCE_S, until

SOON = PATIENCE_S
TOLD_S = 0.6  # processes tell their gauges twice a second


class Device:
    """Somebody who follows a feed: a cursor, and what it has seen."""

    def __init__(self, actor, **path):
        self.actor = actor
        self.path = path
        self.operation = "getVendorEvents" if path else "getEvents"
        self.sync = actor.do("getVendorSync" if path else "getSync", **path)
        self.cursor = self.sync["cursor"]
        self.events = []
        self.resyncs = 0

    def poll(self, wait=0, **arguments):
        page = self.actor.do(self.operation, after=self.cursor, wait=wait, **self.path, **arguments)
        self.take(page["items"])
        self.cursor = page["cursor"]
        self.resyncs += page["resync"]
        return page

    def take(self, items):
        for event in items:
            if self.events:
                assert event["number"] == self.events[-1]["number"] + 1, "a gap"
            self.events.append(event)

    def until(self, count):
        """Polls until so many events were seen, and no more are there."""
        end = time.monotonic() + SOON
        while len(self.events) < count and time.monotonic() < end:
            try:
                self.poll(wait=1, may_fail=True)
            except (AssertionError, requests.RequestException):
                time.sleep(0.1)  # whom it asked has died
        assert len(self.events) == count, self.kinds()
        return self.events

    def kinds(self):
        return [event["kind"] for event in self.events]


class Stream:
    """Server-sent events, read by a thread."""

    def __init__(self, device, last_id=None, reads=True):
        self.events, self.ids, self.passing = [], [], []
        self.ended = threading.Event()
        headers = {"Accept": "text/event-stream",
                   "Authorization": f"Bearer {device.actor.access_token}"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection = device.actor.server.connect()
        self.connection.request("GET", f"/v1/events?after={device.cursor}", headers=headers)
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"
        if reads:
            self.read()

    def read(self):
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            kind = None
            for line in self.response:
                line = line.decode().rstrip("\n")
                if line.startswith("id: "):
                    self.ids.append(line[4:])
                elif line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    where = self.passing if kind == "passing" else self.events
                    where.append(json.loads(line[6:]))
                elif not line:
                    kind = None
        except (OSError, http.client.HTTPException):
            pass
        self.ended.set()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def until(self, count):
        until(lambda: len(self.events) >= count)
        assert len(self.events) == count, self.events
        return self.events


def in_background(call):
    """Starts call() in a thread; the function that it returns waits for its result."""
    result = []

    def run():
        try:
            result.append(call())
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait():
        thread.join(60)
        assert result, "it did not come back"
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    wait.is_over = lambda: bool(result)
    return wait


def statements(server, role):
    """How many statements all api processes have sent in a role's connections."""
    found = [float(line.rsplit(" ", 1)[1])
             for line in requests.get(server.url + "/metrics", timeout=10).text.splitlines()
             if line.startswith("sebez_pool_statements_total{") and f'role="sebez_{role}"' in line]
    assert found, f"there is no role {role}"
    return sum(found)


def members(server, role="api"):
    """Pids of the processes of a role."""
    found = []
    for pid in server.family():
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().startswith(f"sebez {role}"):
                    found.append(pid)
        except OSError:
            pass
    return found


def until_waiting(db, count):
    """Until so many statements wait for a lock."""
    until(lambda: db.one("select count(distinct pid) from pg_locks where not granted") >= count)


def parked(server):
    """Polls and streams that wait, as all processes last told."""
    text = requests.get(server.url + "/metrics", timeout=20).text
    return sum(int(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("sebez_http_parked{"))


def begin_polls(devices, wait=50):
    """Each begins a poll; once all of them wait at the server: functions that wait for the pages.
    Streams that earlier tests have closed are counted until the server writes to them."""
    server = devices[0].actor.server
    before, last = parked(server), None
    while before != last:
        time.sleep(TOLD_S)
        before, last = parked(server), before
    pages = [in_background(lambda device=device: device.poll(wait=wait)) for device in devices]
    with contextlib.suppress(AssertionError):  # one of those streams has gone meanwhile
        until(lambda: parked(server) >= before + len(devices), 5)
    return pages


def settle(device):
    """Polls until nothing is left."""
    while device.poll(wait=2)["items"]:
        pass
