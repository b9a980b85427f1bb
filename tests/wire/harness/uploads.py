"""Uploads, as far as a test can take them without the media process: bytes go into the folder of
objects as the store would put them, and the database is told what the media process found.
"""
import hashlib

from .media import keep

PART_BYTES = 8 * 1024 * 1024
EXTENSIONS = {"application/pdf": "pdf", "audio/mp4": "m4a", "audio/mpeg": "mp3",
              "audio/ogg": "ogg", "video/mp4": "mp4", "video/webm": "webm",
              "video/quicktime": "mov"}


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


def make_ready(server, upload, content=b"bytes", put=keep):
    """As the media process does, of an image of 900x600 pixels. put: how objects get into the
    store."""
    names = [f"{width}.{form}" for width in (160, 320, 640, 900) for form in ("jpg", "webp")]
    group = _make_ready(server, upload, content, names, put)
    server.db.rows(
        "update upload set width = 900, height = 600, thumbhash = %s, color = 1193046, "
        "widths = '{160,320,640,900}', formats = '{jpg,webp}' where id = %s",
        b"\x01\x02\x03", upload["id"])
    return group


def make_file_ready(server, upload, extension, content=b"bytes"):
    """The same of a file that is not an image."""
    return _make_ready(server, upload, content, [f"original.{extension}"])


def _make_ready(server, upload, content, names, put=keep):
    row = server.db.rows("select owner_id, visibility from upload where id = %s", upload["id"])[0]
    sha256 = hashlib.sha256(content).digest()
    group = hashlib.sha256(row["owner_id"].bytes + sha256).hexdigest()[:32]
    for name in names:
        put(server, f"{row['visibility']}/{group}/{name}", content)
    server.db.rows("update upload set state = 'processing', work = 'publish' where id = %s "
                   "and state = 'waiting'", upload["id"])
    server.db.rows(
        "update upload set state = 'ready', work = null, object_group = %s, sha256 = %s, "
        "bytes_stored = %s where id = %s",
        group, sha256, len(content) * len(names), upload["id"])
    return group


def attachable(server, who, content_type="image/png", content=None, purpose="chat_attachment"):
    """The id of a file that may be attached to a message, which is like no other."""
    upload = ask(who, purpose, content_type)
    content = content or upload["id"].encode()
    if content_type.startswith("image/"):
        make_ready(server, upload, content)
    else:
        make_file_ready(server, upload, EXTENSIONS[content_type], content)
    return upload["id"]
