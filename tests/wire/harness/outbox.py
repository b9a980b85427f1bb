"""Rows of the outbox and dead letters, which no call over the wire makes."""
import itertools
import uuid

_rows = itertools.count(10**12)  # far beyond those of the sequence


def dead_letter(db, topic="push_chat", subject_id=None, destination="", dead_at="now"):
    """A new one: its id."""
    return str(db.one(
        "insert into dead_letter (id, row_id, topic, destination, subject_id, payload, created_at, "
        "attempts, why, dead_at) values (gen_random_uuid(), %s, %s, %s, %s, '{\"seq\": 1}', "
        "now() - interval '1 hour', 12, 'No answer', %s::timestamptz) returning id",
        next(_rows), topic, destination, subject_id or str(uuid.uuid4()), dead_at))
