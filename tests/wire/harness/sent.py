"""Files that people send: made, sent, and waited for."""
import random
import struct
import zlib

import requests

from .wait import until


def png(seed, width=96, height=64):
    """A picture that no other seed has."""
    dice = random.Random(f"picture {seed}")
    tones = bytes(dice.randrange(256) for _ in range(3 * width))
    rows = b"".join(b"\0" + bytes((tone + y) % 256 for tone in tones) for y in range(height))

    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def put(upload, data):
    """The bytes of a file of one part."""
    target = upload["upload"]
    answer = requests.request(target["method"], target["url"], data=data,
                              headers=target["headers"], timeout=60)
    assert answer.status_code == 200, answer.text


def begin(actor, data, purpose="avatar", content_type="image/png", **more):
    """The upload, with its bytes sent."""
    upload = actor.do("createUpload", body={"purpose": purpose, "content_type": content_type,
                                            "bytes": len(data), **more})
    put(upload, data)
    return upload


def send(actor, data, **how):
    """Begun and completed; the id."""
    upload = begin(actor, data, **how)
    actor.do("completeUpload", upload_id=upload["id"])
    return upload["id"]


def done(actor, upload_id):
    """The upload, once it is ready or has failed."""
    found = {}

    def is_over():
        found.update(actor.do("getUpload", upload_id=upload_id))
        return found["state"] in ("ready", "failed")

    until(is_over)
    return found


def at_rest(server, *ids):
    """Waits until nothing is left to do for these uploads."""
    until(lambda: server.db.one("select count(*) from upload where work is not null"
                                " and id = any (%s::uuid[])", list(ids)) == 0)
