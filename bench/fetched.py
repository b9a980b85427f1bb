"""Figure 21: pictures that a file names by their URLs, from a server beside it, into our store."""
import contextlib
import csv
import http.server
import multiprocessing
import os
import subprocess
import time

import feed
from pictures import corpus, peak_mb
from place import BUILD, Server, copy_of, say

COUNT = int(os.environ.get("BENCH_URLS_COUNT", "10000"))
PROCESSES = 2
SIDE = 800
HEADER = ["Handle", "Title", "Variant Price", "Image Src", "Image Position", "Status"]


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """/N.jpg: the same pixels for each number, and other bytes."""
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    picture = b""

    def do_GET(self):
        told = self.path.encode()
        body = (self.picture[:2] + b"\xff\xfe" + (len(told) + 2).to_bytes(2, "big") + told
                + self.picture[2:])
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(pipe, picture):
    Elsewhere.picture = picture
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    pipe.send(site.server_address[1])
    site.serve_forever()


def sheet(where, port):
    path = where / "urls.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for n in range(COUNT):
            rows.writerow([f"by-url-{n}", f"By URL {n}", "9.00",
                           f"http://127.0.0.1:{port}/{n}.jpg", 1, "active"])
    return path


def left(server):
    """How many are not fetched, not ready, not at rest; and how many have failed."""
    return [int(count) for count in server.psql(
        "select count(*) filter (where work = 'fetch'), count(*) filter (where state <> 'ready'), "
        "count(*) filter (where work is not null), count(*) filter (where state = 'failed') "
        "from upload where source_url is not null")[0]]


def peaks_now(server):
    """MB of the larger media process, and of the largest worker, which ends now and then."""
    families = [feed.family(pid) for pid in server.children("sebez media")]
    peaks = [0, 0]
    for family in families:
        for i, pid in enumerate(family):
            with contextlib.suppress(OSError, StopIteration):
                peaks[i > 0] = max(peaks[i > 0], peak_mb(pid))
    return peaks


def measure(server, path):
    began, seconds, peaks = time.monotonic(), {}, [0, 0]
    done = subprocess.run([BUILD / "sebez", "import", "--vendor", "vendor-1", path],
                          env=server.environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the import failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    seconds["imported"] = time.monotonic() - began
    steps = ["fetched", "ready", "at_rest"]
    while len(seconds) <= len(steps):
        time.sleep(1)
        peaks = [max(pair) for pair in zip(peaks, peaks_now(server))]
        counts = left(server)
        if counts[3]:
            raise SystemExit(f"{counts[3]} pictures have failed")
        for step, count in zip(steps, counts):
            if count == 0:
                seconds.setdefault(step, time.monotonic() - began)
    return seconds, peaks


def fetched(template):
    picture = corpus.phone_jpeg(SIDE, SIDE, image=corpus.detailed)
    ours, theirs = multiprocessing.Pipe()
    site = multiprocessing.Process(target=serve, args=(theirs, picture), daemon=True)
    site.start()
    try:
        path = sheet(template.parent, ours.recv())
        with Server(copy_of(template, "run"), SEBEZ_MEDIA_PROCESSES=PROCESSES,
                    SEBEZ_ALLOWED_NETWORKS="127.0.0.1", SEBEZ_FETCH_INTERVAL_MS=0) as server:
            seconds, (process_mb, worker_mb) = measure(server, path)
    finally:
        site.terminate()
        site.join()
    say("  " + ", ".join(f"{step} after {after:.1f} s" for step, after in seconds.items()))
    return {"count": COUNT, "bytes": len(picture), "seconds": seconds,
            "rate": COUNT / seconds["ready"], "process_peak_mb": process_mb,
            "worker_peak_mb": worker_mb}
