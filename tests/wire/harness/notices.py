"""What people are told, and what they should be told by the contract."""
import contextlib
from collections import Counter

from . import contract
from .wait import until

SCHEMAS = contract.DOCUMENT["components"]["schemas"]
ENTRIES = {schema["x-event"]: schema["x-notice"] for schema in SCHEMAS.values()
           if "x-notice" in schema and "x-event" in schema}


def followed(db):
    """Once the notices of all events that are there now are written."""
    newest = db.one("select coalesce(max(tx), 0) from event")
    until(lambda: db.one("select tx >= %s from event_follower where name = 'notices'", newest))


@contextlib.contextmanager
def unfollowed(db):
    """No notice is written of what is done in the block before its end, so a message's wait does
    not end before all is done."""
    with contextlib.closing(db.connect()) as holder, holder.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute("select from event_follower where name = 'notices' for update")
        yield
        cursor.execute("rollback")


def told(actor, **arguments):
    """What an account's list says, oldest first."""
    return actor.all("listNotifications", **arguments)[::-1]


def kinds(actor, db):
    """Without the approval of the vendor, which is before the test."""
    followed(db)
    return [n["kind"] for n in told(actor) if n["kind"] != "vendor_status_changed"]


def fits(entry, payload):
    def has(member, values):
        values = values if isinstance(values, list) else [values]
        return payload.get(member) in values

    return (all(has(*one) for one in entry.get("when", {}).items())
            and not any(has(*one) for one in entry.get("unless", {}).items()))


def expected(db):
    """(account, owner, number, kind) of every notice that should be there."""
    staff = db.rows("select vendor_id::text, account_id::text, role from staff")
    accounts = {row["id"] for row in db.rows("select id::text from account")}
    phoned = {row["id"] for row in db.rows("select distinct account_id::text as id from device")}
    for event in db.rows("select owner_id::text, number, kind, payload from event"):
        owner, done = event["owner_id"], set()
        for entry in ENTRIES.get(event["kind"], []):
            if not fits(entry, event["payload"]):
                continue
            people = {owner} & accounts if entry["to"] == "customer" else {
                s["account_id"] for s in staff
                if s["vendor_id"] == owner and s["role"] in ("owner", *entry["to"])}
            told_at_all = people if {"in_app", "email"} & {*entry["channels"]} else people & phoned
            for person in told_at_all - done:
                yield person, owner, event["number"], entry["notice"]
            done |= people


def all_told(db):
    """Counter of the same, as it is."""
    return Counter((row["account_id"], row["owner_id"], row["number"], row["kind"])
                   for row in db.rows("select account_id::text, owner_id::text, number, kind "
                                      "from notice"))


def waiting(db, conversation_id):
    """Notices about messages of the conversation: whether each still waits for a device, as it does
    for three seconds."""
    return db.rows("select due_at is not null as waits, "
                   "due_at is null and now() < created_at + interval '3 s' as is_early, "
                   "data ->> 'seq' as seq, "
                   "vendor_id is null as of_customer from notice "
                   "where class = 'chat' and data ->> 'conversation_id' = %s order by id",
                   conversation_id)
