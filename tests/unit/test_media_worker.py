"""The worker: what it is asked, and what it answers."""
import ctypes
import io
import os
import subprocess

import pytest
from PIL import Image

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


PR_SET_MDWE = 65


def write_no_code():
    """As MemoryDenyWriteExecute= of the service's unit."""
    if ctypes.CDLL(None).prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0:
        raise OSError("unknown to this kernel")


def test_a_worker_needs_no_memory_that_it_may_write_and_run():
    picture = io.BytesIO()
    Image.radial_gradient("L").resize((1500, 900)).save(picture, "JPEG")
    try:
        started = Worker(PROGRAM, preexec_fn=write_no_code)
    except subprocess.SubprocessError:
        pytest.skip("this kernel cannot forbid it")
    with started as worker:
        result = worker.ask(picture.getvalue())
        assert result.failure is None and result.renditions


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
