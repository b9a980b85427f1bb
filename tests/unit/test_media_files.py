"""Files that are passed through: what their structure must have."""
import os
import struct

import pytest

from media_worker import PICTURES, TYPES, Worker

PROGRAM = os.environ["MEDIA_WORKER"]


@pytest.fixture(scope="module")
def worker():
    with Worker(PROGRAM) as started:
        yield started


def box(name, *content):
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def track(handler):
    return box(b"trak", box(b"mdia", box(b"hdlr", b"\0" * 8, handler, b"\0" * 12)))


def iso(brand, *handlers):
    return (box(b"ftyp", brand, b"\0\0\0\0", b"isom") + box(b"mdat", b"\1" * 300) +
            box(b"moov", box(b"mvhd", b"\0" * 100), *map(track, handlers)))


def large_iso(brand, handler):
    """With a length of 64 bits, and one that reaches to the end."""
    moov = box(b"moov", track(handler))
    data = b"\1" * 50
    return (box(b"ftyp", brand, b"\0\0\0\0", b"isom") + moov +
            struct.pack(">I4sQ", 1, b"mdat", 16 + len(data)) + data +
            struct.pack(">I4s", 0, b"mdat") + data)


def element(name, body, length=None):
    size = (1 << 56 | len(body)).to_bytes(8, "big") if length is None else length
    return bytes.fromhex(name) + size + body


def webm(*kinds, doc_type=b"webm", length=None):
    tracks = b"".join(element("ae", element("d7", b"\1") + element("83", bytes([kind])))
                      for kind in kinds)
    return (element("1a45dfa3", element("4286", b"\1") + element("4282", doc_type)) +
            element("18538067", element("1549a966", b"\0" * 9) + element("1654ae6b", tracks) +
                    element("1f43b675", b"\0" * 200), length))


def ogg_page(body, kind=0):
    segments = bytes([255] * (len(body) // 255) + [len(body) % 255])
    return (b"OggS\0" + bytes([kind]) + b"\0" * 20 + bytes([len(segments)]) + segments + body)


def ogg(head=b"OpusHead\1\2"):
    return ogg_page(head + b"\0" * 9, 2) + ogg_page(b"\7" * 700) + ogg_page(b"\7" * 255, 4)


def mp3(frames=5):
    return (b"\xff\xfb\x90\x00" + b"\0" * 413) * frames  # 128 kbit/s, 44.1 kHz: 417 bytes


def pdf(version=b"1.7"):
    return (b"%PDF-" + version + b"\n1 0 obj\n<<>>\nendobj\n" + b"%" * 3000 +
            b"\nstartxref\n9\n%%EOF\n")


WHOLE = {
    "pdf": pdf(), "m4a": iso(b"M4A ", b"soun"), "ogg": ogg(), "webm_audio": webm(2),
    "mp3": mp3(), "mp4": iso(b"isom", b"soun", b"vide"), "webm": webm(2, 1),
    "quicktime": iso(b"qt  ", b"vide"),
}
ALIKE = {
    "a voice message of Android": ("m4a", iso(b"mp42", b"soun")),
    "a film of Apple's brand for sound": ("mp4", iso(b"M4A ", b"soun", b"vide")),
    "boxes of great length": ("mp4", large_iso(b"isom", b"vide")),
    "a recording of a browser": ("webm_audio", webm(2, length=b"\x01" + b"\xff" * 7)),
    "Vorbis": ("ogg", ogg(b"\1vorbis\0\0")),
    "a tag before the sound": ("mp3", b"ID3\4\0\0\0\0\1\0" + b"\0" * 128 + mp3()),
    "PDF 2": ("pdf", pdf(b"2.0")),
}
DAMAGED = {
    "nothing after the version": b"%PDF-1.7\n",
    "a picture after the head of a PDF": b"%PDF-1.7\n\xff\xd8\xff" + b"\0" * 5000,
    "no track": iso(b"isom"), "a track of text": iso(b"isom", b"text"),
    "no data": box(b"ftyp", b"isom\0\0\0\0isom") + box(b"moov", track(b"vide")),
    "a box longer than the file": iso(b"isom", b"vide") + struct.pack(">I4s", 99, b"free"),
    "a box shorter than its head": iso(b"isom", b"vide") + struct.pack(">I4s", 3, b"free"),
    "a box of 2^64 - 1 bytes": iso(b"isom", b"vide") + struct.pack(">I4sQ", 1, b"free", 2**64 - 1),
    "Matroska": webm(1, doc_type=b"matroska"), "subtitles": webm(17),
    "no frames": mp3(2), "a tag of 256 MB": b"ID3\4\0\0\x7f\x7f\x7f\x7f" + mp3(),
    "a film in Ogg": ogg(b"\x80theora\0\0"), "something after the sound": ogg() + b"PK\3\4",
}


@pytest.mark.parametrize("of_type", WHOLE)
def test_a_whole_file_is_recognised_whatever_was_said(worker, of_type):
    result = worker.ask(WHOLE[of_type])
    assert result.failure is None and not result.renditions
    assert result.facts == {"type": of_type, "width": 0, "height": 0, "frames": 0, "color": 0,
                            "thumbhash": b"", "near_hash": 0, "widths": []}
    assert worker.ask(WHOLE[of_type], types=PICTURES).failure == "not_this_type"
    others = [other for other in TYPES[1:] if other != of_type]
    assert worker.ask(WHOLE[of_type], types=others).failure == "not_this_type"


@pytest.mark.parametrize("kind", ALIKE)
def test_what_devices_call_it_does_not_matter(kind):
    of_type, data = ALIKE[kind]
    with Worker(PROGRAM) as worker:
        assert worker.ask(data).facts["type"] == of_type


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_broken_structure_is_damaged(worker, kind):
    assert worker.ask(DAMAGED[kind]).failure == "damaged"


@pytest.mark.parametrize("of_type", WHOLE)
def test_a_file_that_is_cut_off_is_damaged(of_type):
    data = WHOLE[of_type]
    with Worker(PROGRAM) as worker:
        for tenth in range(1, 10):
            if of_type == "mp3" and tenth >= 6:
                continue  # frames that follow each other are a whole file
            cut = data[:len(data) * tenth // 10]
            assert worker.ask(cut).failure in ("damaged", "not_this_type"), tenth


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-p", "no:cacheprovider", __file__]))
