"""Waiting for what happens by itself."""
import contextlib
import time

PATIENCE_S = 60  # the most that anything is waited for, never a measure


def until(is_so, seconds=PATIENCE_S):
    """Asks again and again. That it happens is asserted, not how long it takes."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextlib.contextmanager
def locked(server, sql, *values):
    """Rows that a transaction of ours holds. A connection of its own, as the threads of tests do
    not share one."""
    with contextlib.closing(server.db.connect()) as other, other.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(sql, values)
        yield
        cursor.execute("rollback")
