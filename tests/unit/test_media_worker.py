"""The worker: what it is asked, and what it answers."""
import os

import pytest

from media_worker import PICTURES, Worker

PROGRAM = os.environ["MEDIA_WORKER"]


@pytest.fixture(scope="module")
def worker():
    with Worker(PROGRAM) as started:
        yield started


def test_a_worker_ends_with_its_socket():
    assert Worker(PROGRAM).close() == 0


def test_no_bytes_are_empty_whatever_is_allowed(worker):
    assert worker.ask(b"").failure == "empty"


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0", b"BM" * 50,
                                  b"%PDF-1.7\n", b"PK\3\4" + b"\0" * 60, b"II*\0" + b"\0" * 60])
def test_what_is_no_picture_by_its_first_bytes_is_refused_where_pictures_are_asked(worker, data):
    assert worker.ask(data, types=PICTURES).failure == "not_this_type"


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
