"""Figures 6, 7 and 8: memory, starting, parked connections, import."""
import os
import pathlib
import resource
import socket
import subprocess
import sys
import threading
import time

import load
from place import (BUILD, ROOT, RUNS, Server, copy_of, median, private_kb, say, seed_id)

PARKED = 19000
IMPORT_ROWS = int(os.environ.get("BENCH_IMPORT_ROWS", "500000"))


def api_pids(server):
    return server.children("sebez api")


def memory(template):
    """6: private memory of an api process, fresh and idle, and under 64 connections of load."""
    urls = [f"/v1/products/{seed_id(4, n)}" for n in range(1, 2000)]
    urls += [f"/v1/products?category={seed_id(3, n)}" for n in range(1, 200)]
    with Server(copy_of(template, "run"), SEBEZ_CACHE="no") as server:
        time.sleep(1)
        idle = max(private_kb(pid) for pid in api_pids(server))
        seen = []
        done = threading.Event()

        def watch():
            while not done.wait(0.2):
                seen.append(max(private_kb(pid) for pid in api_pids(server)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        load.get(server, urls, connections=64, seconds=8)
        done.set()
        watcher.join()
        after = max(private_kb(pid) for pid in api_pids(server))
    return {"idle_mb": idle / 1024, "load_mb": max(seen) / 1024, "after_mb": after / 1024}


def starting(template):
    """6: from exec to the first 200 of a list read from the database."""
    embedded, external = [], []
    data = copy_of(template, "run")
    with Server(data):
        pass  # it is kept data from here on, closed in order
    for _ in range(RUNS):
        with Server(data) as server:
            embedded.append(server.exec_s)
    with Server(data) as server:
        settings = {
            "DATABASE_URL": f"host={data}/run dbname=sebez user=sebez_super",
            "REDIS_URL": f"unix:{next((data / 'run').glob('*redis*'))}",
            "SEBEZ_SECRET": server.secret().hex(),
        }
        for _ in range(RUNS):
            with Server(str(data) + "-external", **settings) as other:
                external.append(other.exec_s)
    return {"external_ms": median(external) * 1000, "embedded_ms": median(embedded) * 1000,
            "all_external_ms": [round(s * 1000) for s in external]}


def slab_kb():
    """What the kernel keeps for sockets, roughly: its caches and the pages of their queues."""
    fields = {}
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        name, value = line.split(":")
        fields[name] = int(value.split()[0])
    return fields["Slab"]


def park(port, count):
    """Connections that have had one answer each and stay."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    parked = []
    for number in range(count):
        client = socket.socket()
        client.settimeout(30)
        client.bind((f"127.0.0.{2 + number % 8}", 0))
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /v1/products?limit=1 HTTP/1.1\r\nHost: bench\r\n\r\n")
        parked.append(client)
        if number % 100 == 99:
            for one in parked[-100:]:
                one.recv(65536)
    return parked


def parked(template):
    """7: keep-alive connections of one process."""
    with Server(copy_of(template, "run"), SEBEZ_PROCESSES=1) as server:
        (pid,) = api_pids(server)
        load.get(server, ["/v1/products?limit=1"], connections=64, seconds=2)
        time.sleep(1)
        process, kernel = private_kb(pid), slab_kb()
        connections = park(server.port, PARKED)
        time.sleep(1)
        process, kernel = private_kb(pid) - process, slab_kb() - kernel
        alive = len(os.listdir(f"/proc/{pid}/fd"))
        for connection in connections:
            connection.close()
    return {"connections": PARKED, "descriptors": alive,
            "process_bytes": process * 1024 / PARKED,
            # Both ends are on this machine, so half of it is the server's.
            "kernel_bytes": kernel * 1024 / PARKED / 2}


def watch_memory(process):
    """The most that the process had: its own high water mark, while it lives."""
    most = 0
    while process.poll() is None:
        try:
            for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    most = max(most, int(line.split()[1]))
        except OSError:
            break
        time.sleep(0.05)
    return most


def import_file(folder):
    """The generated file, made once."""
    path = folder / f"import-{IMPORT_ROWS}.csv"
    if not path.exists():
        say(f"making {path}")
        with path.open("wb") as out:
            subprocess.run([sys.executable, ROOT / "bench/make_csv.py",
                            "--rows", str(IMPORT_ROWS)], stdout=out,
                           check=True)
    return path


def importing(template):
    """8: `sebez import` of a generated file into a marketplace that runs."""
    path = import_file(template.parent)
    with Server(copy_of(template, "run"), SEBEZ_PROCESSES=1) as server:
        begin = time.monotonic()
        process = subprocess.Popen([BUILD / "sebez", "import", "--vendor", "vendor-1", path],
                                   env=server.environment, stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.STDOUT)
        output = []
        reader = threading.Thread(target=lambda: output.extend(process.stdout))
        reader.start()
        most = watch_memory(process)
        reader.join()
        seconds = time.monotonic() - begin
        if process.returncode:
            raise SystemExit(f"import ended with {process.returncode}: {''.join(output[-5:])}")
    return {"rows": IMPORT_ROWS, "seconds": seconds, "rate": IMPORT_ROWS / seconds,
            "peak_mb": most / 1024, "said": "".join(output[-4:])}
