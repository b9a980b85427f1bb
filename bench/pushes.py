#!/usr/bin/python3
"""What a push message costs the process that sends it: pushes.c against nginx, which takes
everything, over TLS and HTTP/2.

    bench/pushes.py [REQUESTS [AT_ONCE]]      default: 50000 requests, 400 at once

Prints the CPU time of each step, and what a core makes of it in a second.
"""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "wire"))
from push_sink import sink  # noqa: E402


def main():
    requests, at_once = (sys.argv[1:] + ["50000", "400"][len(sys.argv) - 1:])[:2]
    with sink() as (origin, settings):
        command = [ROOT / "build/bench/pushes", f"{origin}/v1/projects/shop/messages:send",
                   settings["SEBEZ_CA_FILE"], requests, at_once]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        name, count, cpu_us = line.split()
        rate = f"{1e6 / float(cpu_us):10,.0f}/s" if float(cpu_us) else ""
        print(f"{name:10} {int(count):8,} {float(cpu_us):8.1f} µs {rate}")


main()
