"""Waiting for what happens by itself."""
import time


def until(is_so, seconds=60):
    """Asks again and again. That it happens is asserted, not how long it takes."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
