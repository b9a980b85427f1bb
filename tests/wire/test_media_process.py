"""What becomes of an upload in the media process: its state, its one event, its objects."""
import hashlib
import os
import signal

import pytest

from conftest import serving
from harness import sent
from harness.feed import Device, members
from harness.media import files_of, folder_of
from harness.shop import Shop
from harness.wait import until

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


@pytest.fixture(scope="module")
def shop():
    with serving(SEBEZ_MEDIA_PROCESSES=1) as server:
        yield Shop(server)


@pytest.fixture
def device(shop):
    return Device(shop.customer())


def failed(device, upload_id, code):
    """It failed so, with one event, and its parts are gone."""
    assert sent.done(device.actor, upload_id)["failure"]["code"] == code
    (event,) = device.until(1)
    assert (event["kind"], event["payload"]["upload_id"], event["payload"]["failure"]) == (
        "upload_failed", upload_id, code)
    sent.at_rest(device.actor.server, upload_id)
    assert files_of(device.actor.server, f"incoming/{upload_id}") == []


def test_a_file_of_another_type_fails_whatever_it_is_called(device):
    failed(device, sent.send(device.actor, SVG), "not_this_type")


def test_a_file_with_another_sha256_fails(device):
    sha256 = hashlib.sha256(b"something else").hexdigest()
    failed(device, sent.send(device.actor, sent.png(1), sha256=sha256), "checksum_mismatch")


def test_a_part_that_vanishes_after_it_was_counted_fails(own_server):
    server = own_server()
    customer = Shop(server).customer()
    device = Device(customer)
    upload = sent.send(customer, sent.png(2))
    (folder_of(server) / "incoming" / upload / "1").unlink()
    server.stop()
    server.environment["SEBEZ_MEDIA_PROCESSES"] = "1"
    server.start()
    failed(device, upload, "missing_bytes")


def test_a_process_that_is_killed_leaves_its_uploads_to_the_next(own_server):
    server = own_server(SEBEZ_MEDIA_PROCESSES=1)
    customer = Shop(server).customer()
    device = Device(customer)
    until(lambda: members(server, "media"))
    for pid in members(server, "media"):
        os.kill(pid, signal.SIGSTOP)
    upload = sent.send(customer, SVG)
    for pid in members(server, "media"):
        os.kill(pid, signal.SIGKILL)
    failed(device, upload, "not_this_type")
