"""The load generators and what they are compared with: wrk, pgbench, nginx, bench/orders.c."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time

from place import BUILD, ROOT, SECONDS, free_port, pg_program, run_as


def wrk(url, script, variables, connections=32, threads=1, seconds=SECONDS, prefix=()):
    """{"rate", "p50_us", "p99_us", "count", "errors"} of one run."""
    command = [*prefix, "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds:g}s", "--timeout",
               "30s", "--latency", "-s", str(ROOT / "bench" / script), url]
    environment = {**os.environ, **{key: str(value) for key, value in variables.items()}}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    if result["errors"]:
        result["output"] = done.stdout[-600:]
    return result


def get(server, urls, delay_ms=None, **how):
    """Load of GET requests on a server: a list of paths, or the file that has them."""
    path = pathlib.Path(str(server.data) + ".urls")
    path.write_text("\n".join(urls) + "\n")
    variables = {"BENCH_URLS": path}
    if delay_ms is not None:
        variables["BENCH_DELAY_MS"] = delay_ms
    result = wrk(server.url, "urls.lua", variables, **how)
    if result["errors"]:
        raise SystemExit(f"{result['errors']} errors: {result['output']}")
    return result


def statement(name, *arguments):
    """The text of a generated statement with its parameters as literals."""
    text = subprocess.run([BUILD / "bench/statements", name], capture_output=True, text=True,
                          check=True).stdout.strip()
    return re.sub(r"\$(\d+)", lambda match: arguments[int(match[1]) - 1], text)


def pgbench(server, scripts, role="sebez_public", clients=8, seconds=SECONDS):
    """Transactions per second; the seconds in which clients prepare do not count."""
    files = []
    for number, script in enumerate(scripts):
        path = pathlib.Path(f"{server.data}.{number}.pgbench")
        path.write_text(script)
        files += ["-f", str(path)]
    done = subprocess.run(
        [pg_program("pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-P", "1",
         "-T", str(int(seconds) + 1), *files, server.conninfo(role)],
        capture_output=True, text=True, check=True)
    rates = [float(rate) for rate in re.findall(r"progress: .*? s, ([0-9.]+) tps", done.stderr)]
    return sum(rates[1:]) / len(rates[1:])


def place_orders(server, orders, connections, seconds=SECONDS):
    """Places prefilled carts: lines "token total key"."""
    path = pathlib.Path(str(server.data) + ".orders")
    path.write_text("\n".join(orders) + "\n")
    return wrk(server.url, "orders.lua", {"BENCH_ORDERS": path, "BENCH_THREADS": 1},
               connections=connections, seconds=seconds)


def place_by_statements(server, accounts, connections=8, seconds=SECONDS):
    """The same statements one by one: bench/orders.c."""
    done = subprocess.run(
        [BUILD / "bench/orders", server.conninfo("sebez_customer"), str(connections), str(seconds)],
        input="\n".join(accounts) + "\n", capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    if result["failures"]:
        raise SystemExit(f"orders: {result['failures']} failures: {done.stderr[:1000]}")
    return result


@contextlib.contextmanager
def run_nginx(folder, main, http, port, prefix=(), connections=1024):
    """nginx of our own: its own process, folder and configuration. Gives its master's pid."""
    place = pathlib.Path(folder) / "nginx"
    place.mkdir(exist_ok=True)
    user = f"user {run_as()};" if os.geteuid() == 0 else ""
    (place / "nginx.conf").write_text(f"""
{main}
daemon off; pid {place}/pid; error_log {place}/error.log; {user}
events {{ worker_connections {connections}; }}
http {{
	access_log off; keepalive_requests 1000000000; default_type application/json;
	client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
	uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;
	{http}
}}
""")
    process = subprocess.Popen([*prefix, "nginx", "-p", place, "-c", place / "nginx.conf"],
                               stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if process.poll() is not None:
                raise SystemExit(f"nginx ended: {(place / 'error.log').read_text()[-1000:]}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def nginx(folder, body, prefix=()):
    """nginx that returns these bytes. Gives its URL."""
    port = free_port()
    # A word of its configuration ends at 4,096 bytes: so the body comes in pieces.
    pieces = [body[at:at + 2000].replace("\\", "\\\\").replace("'", "\\'")
              for at in range(0, len(body), 2000)]
    geos = "\n".join(f"geo $piece_{at}x {{ default '{piece}'; }}"
                     for at, piece in enumerate(pieces))
    whole = "".join(f"$piece_{at}x" for at in range(len(pieces)))
    http = f"{geos} server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{whole}'; }} }}"
    with run_nginx(folder, "worker_processes 1;", http, port, prefix):
        yield f"http://127.0.0.1:{port}"
