"""The database goes away and comes back, here or elsewhere, while orders are under way."""
import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import threading

import psycopg2
import pytest
import requests

from harness.contract import BUILD
from harness.feed import members
from harness.server import folder, free_port
from harness.shop import Shop, fresh
from harness.wait import until
from test_faults import VICTIMS, victim_of

KEY = "03" * 32
NAME = "database.sebez.test"


@contextlib.contextmanager
def an_order_that_waits(server, cart, key, product):
    """An order that has claimed its key and waits for its variant. Afterwards its answer is in the
    list: a status, or the name of an exception."""
    answers = []

    def place():
        try:
            answers.append(cart.place(key=key, may_fail=True).status_code)
        except requests.RequestException as error:
            answers.append(type(error).__name__)

    with contextlib.closing(server.db.connect()) as other:
        with contextlib.suppress(psycopg2.Error), other.cursor() as cursor:
            cursor.execute("select 1 from variant where id = %s for update", [product.variant])
            thread = threading.Thread(target=place)
            thread.start()
            until(lambda: server.db.one("select count(*) from pg_locks where not granted"))
            yield answers
    thread.join()


def test_an_order_in_doubt_that_was_not_placed_may_be_placed_again_at_once(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    shop = Shop(server)
    mug = shop.product(stock=10)
    customer = shop.customer()
    cart, key = customer.cart((mug, 2)), fresh("key")
    with an_order_that_waits(server, cart, key, mug) as answers:
        waits = server.db.one("select pid from pg_locks where not granted limit 1")
        server.db.close()
        os.kill(victim_of(server, VICTIMS["postgres"], random), signal.SIGKILL)
        until(lambda: not os.path.exists(f"/proc/{waits}"))
    assert answers == [503]
    again = cart.place(key=key)
    assert again.status_code == 201, again.text
    assert mug.available == 8 and len(customer.all("listOrders")) == 1


def test_an_order_in_doubt_that_was_placed_is_answered_with_it(own_server):
    server = own_server(SEBEZ_PROCESSES="1")
    shop = Shop(server)
    mug = shop.product(stock=10)
    customer = shop.customer()
    done = fresh("key")
    assert customer.cart((mug, 2)).place(key=done).status_code == 201  # the same request
    cart, key = customer.cart((mug, 2)), fresh("key")
    (serves,) = members(server)
    with an_order_that_waits(server, cart, key, mug) as answers:
        os.kill(serves, signal.SIGSTOP)
        # As if its transaction had been committed, and its answer lost.
        server.db.rows("select pg_terminate_backend(pid) from pg_locks where not granted")
        until(lambda: not server.db.one("select count(*) from pg_locks where not granted"))
        server.db.rows("insert into idempotency_key (scope, key, operation, request_hash, status,"
                       " body) select d.scope, %s, d.operation, d.request_hash, d.status, d.body"
                       " from idempotency_key d where d.key = %s", key, done)
        os.kill(serves, signal.SIGCONT)
    assert answers == [201]


class Forwarder:
    """Takes connections at an address and hands them on to a unix socket."""

    def __init__(self, address, port, path):
        self.path = path
        self.pairs = []
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.path)
            self.pairs += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        for each in (self.listener, *self.pairs):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def with_mount(server, source, target):
    """The server's program, which finds `source` at `target`."""
    program = server.data / "elsewhere"
    program.mkdir()
    (program / "sebez").write_text(
        f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {source} {target} &&"
        f' exec "{BUILD.resolve()}/sebez" "$@"\' sebez "$@"\n')
    (program / "sebez").chmod(0o755)
    return program


only_root_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"),
    reason="only root gives a process another view of the file system")


@only_root_mounts
def test_the_database_is_found_where_its_name_leads_now(own_server, monkeypatch):
    first = own_server(SEBEZ_SECRET=KEY)
    port = free_port()
    (path,) = pathlib.Path(first.db.folder).glob(".s.PGSQL.*[0-9]")
    with folder(SEBEZ_SECRET=KEY, SEBEZ_CACHE="no", REDIS_URL=f"unix:{first.db.folder}/redis.sock",
                DATABASE_URL=f"host={NAME} port={port} user=sebez_super dbname=sebez") as second:
        hosts = second.data / "hosts"
        hosts.write_text(f"127.0.0.2 {NAME}\n")
        monkeypatch.setattr("harness.server.BUILD", with_mount(second, hosts, "/etc/hosts"))
        before = Forwarder("127.0.0.2", port, str(path))
        after = Forwarder("127.0.0.3", port, str(path))

        def served():
            return requests.get(second.url + "/v1/products", timeout=60).status_code == 200

        second.start()
        assert served()
        hosts.write_text(f"127.0.0.3 {NAME}\n")
        before.close()
        until(served)
        assert second.stop() == []
        after.close()


def replace(path, text=None):
    """As a package does it: another file with the same name, and perhaps with another text."""
    fresh_one = path.with_name(path.name + ".new")
    shutil.copy(path, fresh_one)
    if text is not None:
        fresh_one.write_text(text)
    fresh_one.rename(path)


def readiness(server):
    return requests.get(server.url + "/readyz", timeout=60).status_code


@only_root_mounts
def test_postgresql_is_restarted_when_its_files_are_replaced(monkeypatch):
    with folder(SEBEZ_PROCESSES="1") as server:
        programs = server.data / "postgresql"
        shutil.copytree("/usr/lib/postgresql", programs, symlinks=True)
        monkeypatch.setattr("harness.server.BUILD",
                            with_mount(server, programs, "/usr/lib/postgresql"))
        server.start()
        version = (server.data / "var/postgres/PG_VERSION").read_text().strip()

        def postmaster():
            note = server.data / "var/postgres/postmaster.pid"
            return note.exists() and note.read_text().split("\n")[0]

        first = postmaster()
        replace(programs / version / "bin/postgres")
        until(lambda: postmaster() not in (False, "", first) and readiness(server) == 200)

        module = programs / version / "lib/pg_trgm.so"
        good = module.with_name("good")
        shutil.copy(module, good)
        replace(module, "not a library")
        # New sessions cannot search, though those that are open may.
        until(lambda: readiness(server) == 503
              and '"new database connections fail"' in server.log.read_text())
        good.rename(module)
        until(lambda: readiness(server) == 200)
        assert server.stop() == []
