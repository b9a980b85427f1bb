"""Waiting for what happens by itself."""
import time

PATIENCE_S = 60  # the most that anything is waited for, never a measure


def until(is_so, seconds=PATIENCE_S):
    """Asks again and again. That it happens is asserted, not how long it takes."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
