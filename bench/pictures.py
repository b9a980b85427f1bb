"""Figure 17: a photograph of 12 megapixels to all its renditions, and the memory that the largest
pictures take."""
import os
import resource
import subprocess
import sys
import time

from place import BUILD, ROOT, RUNS, median, say

sys.path.insert(0, str(ROOT / "tests/unit"))
import media_corpus as corpus
from media_worker import WIDTHS, Worker

COUNT = int(os.environ.get("BENCH_PICTURES", "5"))  # of each run
SIZE = 4000, 3000
FORMATS = {"jpg": "Q=80,strip", "webp": "Q=78,effort=2,strip"}


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def ours(data):
    """CPU seconds and seconds of one picture; peak MB of JPEG and WebP, then of AVIF too."""
    with Worker(BUILD / "sebez-media-worker") as worker:
        pid = worker.child.pid
        worker.ask(data)
        cpu, began = cpu_of(pid), time.monotonic()
        for _ in range(COUNT):
            assert len(worker.ask(data).renditions) == len(WIDTHS) * len(FORMATS)
        cpu, seconds = cpu_of(pid) - cpu, time.monotonic() - began
        peak, before = peak_mb(pid), cpu_of(pid)
        worker.ask(data, formats=["avif"])
        return cpu / COUNT, seconds / COUNT, peak, cpu_of(pid) - before, peak_mb(pid)


def vipsthumbnail(source):
    """CPU seconds of the same renditions, each of its own process, one after the other."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for width in WIDTHS:
        for form, options in FORMATS.items():
            subprocess.run(["vipsthumbnail", source, "--size", f"{width}x", "-o",
                            source.parent / f"{width}.{form}[{options}]"], check=True,
                           env={"VIPS_CONCURRENCY": "1", "PATH": os.environ["PATH"]})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def photograph():
    return corpus.phone_jpeg(*SIZE, orientation=6, image=corpus.detailed)


def pictures(where):
    data = photograph()
    source = where / "photograph.jpg"
    source.write_bytes(data)
    workers, others = [], []
    for _ in range(RUNS):  # in turn, so that both have the same neighbours
        workers.append(ours(data))
        others.append(vipsthumbnail(source))
    cpu, seconds, peak, avif, avif_peak = (median(column) for column in zip(*workers))
    return {"per_core": 1 / cpu, "cpu_s": cpu, "seconds": seconds, "peak_mb": peak,
            "avif_cpu_s": avif, "avif_peak_mb": avif_peak, "vipsthumbnail_cpu_s": median(others),
            "ratio": median(others) / cpu,
            "ratios": [other / worker[0] for other, worker in zip(others, workers)]}


def memory(_):
    """Peak MB of a worker of its own for each of the largest pictures, with JPEG and WebP, and with
    AVIF."""
    found = {}
    for kind, make in corpus.LARGEST.items():
        data, peaks = make(), []
        for formats in (["jpeg", "webp"], ["avif"]):
            with Worker(BUILD / "sebez-media-worker") as worker:
                result = worker.ask(data, formats=formats, deadline_ms=240_000)
                assert len(result.renditions) == len(WIDTHS) * len(formats), result.failure
                peaks.append(peak_mb(worker.child.pid))
        found[kind] = {"peak_mb": peaks[0], "avif_peak_mb": peaks[1]}
        say(f"  {kind}: {peaks[0]:.0f} MB, AVIF {peaks[1]:.0f} MB")
    return {"peak_mb": max(max(one.values()) for one in found.values()), "kinds": found}
