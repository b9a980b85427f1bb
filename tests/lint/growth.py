#!/usr/bin/python3
"""No statement that places an order, quotes a cart or sends a message reads more pages when the
tables have grown. PostgreSQL counts them, so they depend neither on time nor on other work."""
import contextlib
import io
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
os.environ["BENCH_BUILD"] = str(ROOT / "build")
os.environ["BENCH_SMALL"] = "1"
sys.path.insert(0, str(ROOT / "bench"))

import buffers  # noqa: E402
from place import PRODUCTS, seeded  # noqa: E402

SIZES = ((1000, 5000), (10000, 100000))  # old orders, old events


def main():
    with tempfile.TemporaryDirectory(prefix="sebez-growth-") as folder, \
            contextlib.redirect_stdout(io.StringIO()):  # what the benches say of their progress
        pathlib.Path(folder).chmod(0o755)
        small, large = (seeded(folder, PRODUCTS, *size) for size in SIZES)
        pages, bad = buffers.compare(small, large, PRODUCTS)
    if set(pages) != set(buffers.REQUESTS) or min(min(two) for two in pages.values()) <= 0:
        bad.append(f"nothing was counted: {pages}")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
