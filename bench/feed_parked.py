"""Figure 9: what a parked poll costs, direct, through nginx with TLS, and a hundred thousand of
them; figure 10: what an empty one costs."""
import contextlib
import os
import pathlib
import socket
import subprocess
import tempfile
import time

import feed
import load
from place import free_port, say

OF_PROCESS = 17000  # the kernel spreads connections by chance, and a process takes 19,000
OF_NGINX = 8000     # two descriptors each
HUNDRED_THOUSAND = 100000
MINUTES = float(os.environ.get("BENCH_PARKED_MINUTES", "10"))

# As in docs/OPERATIONS.md, with what parked polls ask for: a process has as many connections as its
# descriptors allow, and hands on what comes at once.
PROXY = """
upstream sebez {{ server 127.0.0.1:{upstream}; keepalive 64; }}
server {{
	listen 127.0.0.1:{port} ssl reuseport backlog=4096;
	ssl_certificate {cert}; ssl_certificate_key {key};
	location / {{
		proxy_pass http://sebez; proxy_http_version 1.1; proxy_set_header Connection "";
		proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
		proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 75s;
	}}
}}
"""


def processes_for(count):
    """One holds up to 19,000; where there are several, chance leaves room."""
    return 1 if count <= 19000 else -(-count // OF_PROCESS)


def lines_of(server, count):
    return [customer.line for customer in feed.people(server, count, old=0).customers]


def feed_parked(folder):
    """Direct."""
    count = feed.PARKED or 19000
    feed.check_machine(count, processes_for(count))
    with feed.fresh(folder, SEBEZ_PROCESSES=processes_for(count)) as server:
        lines = lines_of(server, count)
        with feed.parked(feed.pids(server), server.port, lines) as (_, cost):
            return cost


def certificate(folder):
    """A key and a certificate of our own. Gives their paths."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"openssl: {done.stderr[-500:]}")
    return key, cert


@contextlib.contextmanager
def proxy(server, count):
    """nginx with TLS in front of a server. Gives its port and its pid."""
    port, workers = free_port(), -(-count // OF_NGINX)
    with tempfile.TemporaryDirectory(prefix="sebez-bench-nginx-") as place:
        place = pathlib.Path(place)
        place.chmod(0o755)
        key, cert = certificate(place)
        http = PROXY.format(upstream=server.port, port=port, key=key, cert=cert)
        main = f"worker_processes {workers}; worker_rlimit_nofile 20000;"
        with load.run_nginx(place, main, http, port, connections=19500) as pid:
            yield port, pid


def feed_parked_tls(folder):
    """The same behind nginx: its memory and all four ends of sockets but the client's."""
    count = feed.PARKED or 19000
    feed.check_machine(count * 2, 2 * processes_for(count))
    with feed.fresh(folder, SEBEZ_PROCESSES=processes_for(count),
                    SEBEZ_BEHIND_PROXY="yes") as server:
        lines = lines_of(server, count)
        with proxy(server, count) as (port, pid):
            time.sleep(1)
            nginx = feed.family(pid)
            with feed.parked(feed.pids(server), port, lines, "tls", ramp=1000, share=0.75,
                             also=nginx) as (_, cost):
                return {**cost, "nginx_workers": len(nginx) - 1}


def of_sebez(server):
    """Pids of Sebez itself, and of the services that it has started."""
    ours, services = [], []
    for pid in feed.family(server.process.pid):
        with contextlib.suppress(OSError):
            name = pathlib.Path(f"/proc/{pid}/comm").read_text()
            (ours if name.startswith("sebez") else services).append(pid)
    return ours, services


def feed_hundred_thousand(folder):
    """They stay for ten minutes. Each asks again when its 50 seconds are over."""
    count = feed.PARKED or HUNDRED_THOUSAND
    processes = max(2, processes_for(count))
    feed.check_machine(count, processes)
    with feed.fresh(folder, SEBEZ_PROCESSES=processes) as server:
        lines = lines_of(server, count)
        with feed.parked(feed.pids(server), server.port, lines) as (clients, cost):
            ours, services = of_sebez(server)
            begin, before = time.monotonic(), (feed.cpu_s(*ours), feed.cpu_s(*services))
            say(f"  {count} parked in {processes} processes, for {MINUTES:g} minutes")
            while time.monotonic() - begin < MINUTES * 60:
                time.sleep(min(10, MINUTES * 10))
                clients.check()
            seconds = time.monotonic() - begin
            there = feed.descriptors(feed.pids(server))
            return {**cost, "minutes": seconds / 60, "descriptors": there,
                    "cores": (feed.cpu_s(*ours) - before[0]) / seconds,
                    "services_cores": (feed.cpu_s(*services) - before[1]) / seconds}


def redis_commands(server):
    """How often each command was run."""
    (path,) = (server.data / "run").glob("*redis*")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(b"INFO commandstats\r\n")
        text = client.recv(65536).decode()
        length = int(text[1:text.index("\r\n")])
        while len(text) < length:
            text += client.recv(65536).decode()
    found = {}
    for line in text.splitlines():
        if line.startswith("cmdstat_"):
            name, rest = line.removeprefix("cmdstat_").split(":calls=")
            found[name] = int(rest.split(",")[0])
    return found


def feed_empty(folder):
    """10: polls that find nothing and do not wait."""
    with feed.fresh(folder, SEBEZ_PROCESSES=1) as server:
        lines = lines_of(server, min(feed.PARKED or 2000, 2000))
        feed.empty_polls(server, lines)
        before = redis_commands(server)
        result = feed.empty_polls(server, lines)
        after = redis_commands(server)
        if result["errors"]:
            raise SystemExit(f"empty polls: {result}")
        commands = {name: count - before.get(name, 0) for name, count in after.items()
                    if count > before.get(name, 0) and not name.startswith("info")}
        return {**result, "redis": sum(commands.values()), "redis_commands": commands}
