"""Uploads, as far as a test can take them without the media process: bytes go into the folder of
objects as the store would put them, and the database is told what the media process found.
"""
import hashlib

from .media import keep

PART_BYTES = 8 * 1024 * 1024


def ask(who, purpose="avatar", content_type="image/jpeg", size=1000, **body):
    return who.do("createUpload", body={
        "purpose": purpose, "content_type": content_type, "bytes": size, **body})


def part_sizes(size):
    return [min(PART_BYTES, size - at) for at in range(0, size, PART_BYTES)]


def put(server, upload, *numbers):
    """All parts, or those with these numbers."""
    for number, size in enumerate(part_sizes(upload["bytes"]), 1):
        if not numbers or number in numbers:
            put_part(server, upload, number, bytes(size))


def put_part(server, upload, number, content):
    keep(server, f"incoming/{upload['id']}/{number}", content)


def make_ready(server, upload, content=b"bytes"):
    """As the media process does, of an image of 900x600 pixels."""
    row = server.db.rows("select owner_id, visibility from upload where id = %s", upload["id"])[0]
    sha256 = hashlib.sha256(content).digest()
    group = hashlib.sha256(row["owner_id"].bytes + sha256).hexdigest()[:32]
    names = [f"{width}.{form}" for width in (160, 320, 640, 900) for form in ("jpg", "webp")]
    for name in names:
        keep(server, f"{row['visibility']}/{group}/{name}", content)
    server.db.rows("update upload set state = 'processing', work = 'publish' where id = %s "
                   "and state = 'waiting'", upload["id"])
    server.db.rows(
        "update upload set state = 'ready', work = null, object_group = %s, sha256 = %s, "
        "width = 900, height = 600, thumbhash = %s, color = 1193046, "
        "widths = '{160,320,640,900}', formats = '{jpg,webp}', bytes_stored = %s where id = %s",
        group, sha256, b"\x01\x02\x03", len(content) * len(names), upload["id"])
    return group
