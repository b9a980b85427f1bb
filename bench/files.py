"""Figures 18 and 19: files that clients send and read, against nginx with the same bytes.

All of Sebez or of nginx is on core 0, with one process that serves, and the client on core 1."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import types

import feed
import load
import senders
from place import BUILD, RUNS, Server, free_port, median, private_kb, run_as, say

CORE, OTHER = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
CONNECTIONS = 16
PUT_MB = int(os.environ.get("BENCH_PUT_MB", "256"))  # of large parts in each turn
LARGE = 8 << 20  # the largest part
# Bytes and number of files in each turn; the small ones are as pictures of a web page.
PUTS = {"large": (LARGE, PUT_MB // 8), "small": (256 << 10, PUT_MB)}
MANY = 128  # LIMIT_FILE_PUTS
GET_SIZES = {"small": 20_000, "large": 1_000_000}
GET_FILES = 20

NGINX = """
sendfile on; tcp_nopush on; client_max_body_size 64m;
server {{
	listen 127.0.0.1:{port} backlog=4096; root {root};
	location / {{ dav_methods PUT; create_full_put_path on; }}
}}
"""


@contextlib.contextmanager
def nginx(folder):
    """Gives its port, its folder of files and the pids of its processes."""
    root, port = folder / "files", free_port()
    root.mkdir()
    if os.geteuid() == 0:
        shutil.chown(root, run_as())
    http = NGINX.format(port=port, root=root)
    with load.run_nginx(folder, "worker_processes 1;", http, port, CORE) as pid:
        yield types.SimpleNamespace(port=port, root=root, pids=feed.family(pid), data=root,
                                    url=f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def both(where):
    """Sebez and nginx, whose files are on the same file system."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="files-", dir=where))
    place.chmod(0o755)
    try:
        with Server(place / "var", prefix=CORE, SEBEZ_PROCESSES=1, SEBEZ_MEDIA_PROCESSES=0,
                    SEBEZ_LIMITS="no") as server, nginx(place) as other:
            yield server, other
    finally:
        shutil.rmtree(place, ignore_errors=True)


def put(port, paths, size, connections=CONNECTIONS):
    """Seconds until all files were taken."""
    done = subprocess.run([*OTHER, BUILD / "bench/put_client", str(port), str(connections),
                           str(size)], input="\n".join(paths) + "\n", capture_output=True,
                          text=True, check=True)
    result = json.loads(done.stdout)
    if result["failures"] or result["count"] != len(paths):
        raise SystemExit(f"put_client: {result} {done.stderr[:1000]}")
    return result["seconds"]


def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def until_synced(root):
    """Seconds until the files are on the disk, which Sebez says with its answer and nginx does
    not."""
    begin = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        found = list(root.rglob("*"))
        list(pool.map(sync, [path for path in found if path.is_file()]))
        list(pool.map(sync, [root, *(path for path in found if path.is_dir())]))
    return time.monotonic() - begin


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path)


def put_turn(server, other, size, count):
    """MB/s of ours, of nginx, and of nginx until the disk has the bytes."""
    ours = put(server.port, senders.links(server, count, size), size)
    empty(server.data / "objects/incoming")
    theirs = put(other.port, [f"/incoming/{n}/1" for n in range(count)], size)
    synced = theirs + until_synced(other.root)
    empty(other.root)
    return [count * size / 1e6 / seconds for seconds in (ours, theirs, synced)]


def put_turns(server, other, size, count):
    put_turn(server, other, size, count)  # until all is known and prepared
    rows = [put_turn(server, other, size, count) for _ in range(RUNS)]
    ratios = [ours / synced for ours, _, synced in rows]
    ours, theirs, synced = (median(column) for column in zip(*rows))
    return {"mb_per_s": ours, "nginx": theirs, "nginx_synced": synced, "ratio": median(ratios),
            "ratios": ratios, "ratio_not_synced": median([row[0] / row[1] for row in rows])}


def put_memory(server):
    """MB of the api process before, during and after many large parts at once."""
    (pid,) = feed.pids(server)
    seen, done = [], threading.Event()
    paths = senders.links(server, MANY, LARGE)

    def watch():
        while not done.wait(0.02):
            seen.append(private_kb(pid) / 1024)

    before = private_kb(pid) / 1024
    watcher = threading.Thread(target=watch)
    watcher.start()
    put(server.port, paths, LARGE, MANY)
    done.set()
    watcher.join()
    time.sleep(1)
    return {"before_mb": before, "peak_mb": max(seen), "after_mb": private_kb(pid) / 1024,
            "at_once": MANY}


def uploads(where):
    """18: on the disk, and in memory, where nobody waits for the disk."""
    result = {}
    for name, place in (("disk", where), ("memory", "/dev/shm")):
        with both(place) as (server, other):
            result[name] = {kind: put_turns(server, other, *each) for kind, each in PUTS.items()}
            result["process"] = put_memory(server)
        say(f"  {name}: " + ", ".join(
            f"{kind} {one['mb_per_s']:.0f} MB/s, nginx {one['nginx']:.0f}, until on the disk "
            f"{one['nginx_synced']:.0f}" for kind, one in result[name].items()))
    result["growth_mb"] = result["process"]["peak_mb"] - result["process"]["before_mb"]
    return result


def keep_files(server, other, size):
    """The same files of both; their paths."""
    objects, paths = server.data / "objects", []
    owner = objects.stat()
    for number in range(GET_FILES):
        key = f"public/{size:016x}{number:016x}/640.webp"
        data = os.urandom(size)
        for path in (objects / key, other.root / "media" / key):
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
        for path in ((objects / key), *list((objects / key).parents)[:2]):
            os.chown(path, owner.st_uid, owner.st_gid)
        paths.append(f"/media/{key}")
    return paths


def get_side(side, pids, paths):
    """Rate of requests, and CPU microseconds of each."""
    before = feed.cpu_s(*pids)
    result = load.get(side, paths, connections=64, prefix=OTHER)
    if result["count"] == 0:
        raise SystemExit("no file was read: the machine is too busy, or BENCH_SECONDS too few")
    return result["rate"], (feed.cpu_s(*pids) - before) / result["count"] * 1e6


def get_turns(server, other, size):
    paths = keep_files(server, other, size)
    pids = feed.pids(server)
    get_side(server, pids, paths)
    rows = []
    for _ in range(RUNS):
        theirs = get_side(other, other.pids, paths)
        rows.append((*get_side(server, pids, paths), *theirs))
    ratios = [row[0] / row[2] for row in rows]
    rate, cpu, their_rate, their_cpu = (median(column) for column in zip(*rows))
    return {"rate": rate, "nginx": their_rate, "ratio": median(ratios), "ratios": ratios,
            "cpu_us": cpu, "nginx_cpu_us": their_cpu, "bytes": size}


def downloads(where):
    """19: renditions from our own process, with sendfile on both sides."""
    with both(where) as (server, other):
        result = {kind: get_turns(server, other, size) for kind, size in GET_SIZES.items()}
    say("  " + ", ".join(f"{kind} {one['rate']:.0f}/s of {one['nginx']:.0f}/s, CPU "
                         f"{one['cpu_us']:.0f} and {one['nginx_cpu_us']:.0f} us"
                         for kind, one in result.items()))
    return result
