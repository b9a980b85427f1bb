"""What people did about push messages, and what the database and the providers say of it: all that
the judge knows. Times are of the clock of this machine, in seconds since 1970."""
import contextlib
import dataclasses
import hashlib
import math
import threading
import time
import uuid

CATEGORIES = ("lost", "shown twice", "told who was not to be told")


@dataclasses.dataclass
class Ban:
    """From `acked` on nothing may be sent there, until somebody asks for it again. It may hold
    since `asked`."""
    account: str
    kind: str   # account, class, talk, device, address
    value: str
    asked: float
    acked: float = math.inf
    undone: float = math.inf

    def may_hold(self, since, until):
        return self.asked <= until and self.undone >= since


@dataclasses.dataclass
class Stay:
    """A device that is registered. Bans say when it is not."""
    account: str
    device: str
    address: str
    asked: float
    acked: float = math.inf


@dataclasses.dataclass
class Deed:
    """Something of which an account is told: the kind of its notice, and what tells it apart."""
    account: str
    kind: str
    klass: str
    talk: str   # of a message
    about: str  # the link; of a message also its number
    asked: float
    acked: float = math.inf


class Book:
    def __init__(self):
        self.bans, self.stays, self.deeds = [], [], []
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def _acting(self, made, kept):
        with self.lock:
            kept += made
        yield made
        for each in made:
            each.acked = time.time()

    def banning(self, *bans):
        """While somebody asks for these (account, kind, value)."""
        now = time.time()
        return self._acting([Ban(*ban, now) for ban in bans], self.bans)

    def undo(self, account, kind, value):
        """Before it is asked for."""
        now = time.time()
        with self.lock:
            for ban in self.bans:
                if (ban.account, ban.kind, ban.value) == (account, kind, value):
                    ban.undone = min(ban.undone, now)

    @contextlib.contextmanager
    def registering(self, account, device, address):
        """The address is nobody else's then, and the device has no other."""
        now = time.time()
        with self.lock:
            former = {(s.account, s.device, s.address) for s in self.stays
                      if (s.address == address) != ((s.account, s.device) == (account, device))}
        bans = {(a, "address", old) for a, _, old in former if a != account or old != address}
        bans |= {(a, "device", d) for a, d, old in former
                 if old == address and (a, d) != (account, device)}
        self.undo(account, "device", device)
        self.undo(account, "address", address)
        with self.banning(*bans), self._acting([Stay(account, device, address, now)], self.stays):
            yield

    def doing(self, account, kind, klass, about=None, talk=None):
        return self._acting([Deed(account, kind, klass, talk, about, time.time())], self.deeds)


# What the database says.

LOG = """
create table push_log (number bigserial, what text, at double precision, row_id bigint,
                       notice uuid, device uuid, account uuid, kind text, class text, talk text,
                       about text, waits boolean);
create function push_log_notice() returns trigger
language plpgsql security definer as $$
begin
	insert into push_log (what, at, notice, account, kind, class, talk, about, waits)
	values (case tg_op when 'INSERT' then 'notice' else 'told' end,
	        extract(epoch from clock_timestamp()), new.id, new.account_id, new.kind, new.class,
	        new.data ->> 'conversation_id', concat(new.link, ' ' || (new.data ->> 'seq')),
	        new.due_at is not null);
	return null;
end $$;
-- At the end of the transaction, which has written the rows for devices by then.
create constraint trigger push_log after insert on notice deferrable initially deferred
	for each row execute function push_log_notice();
create constraint trigger push_log_told after update on notice deferrable initially deferred
	for each row when (old.due_at is not null and new.due_at is null)
	execute function push_log_notice();
-- A lease is as old as its transaction. What tests do to rows is none of it.
create function push_log_row() returns trigger
language plpgsql security definer as $$
declare
	x outbox := case tg_op when 'DELETE' then old else new end;
begin
	if session_user = 'sebez_jobs' then
		insert into push_log (what, at, row_id, notice, device)
		values (case tg_op when 'INSERT' then 'row' when 'DELETE' then 'gone'
		        else case when x.attempts > old.attempts then 'lease' else 'settled' end
		        end, extract(epoch from now()), x.id, x.subject_id,
		        (x.payload ->> 'device_id')::uuid);
	end if;
	return null;
end $$;
create trigger push_log_new after insert on outbox for each row
	when (new.topic like 'push_%') execute function push_log_row();
create trigger push_log_old after update or delete on outbox for each row
	when (old.topic like 'push_%') execute function push_log_row();
"""


@dataclasses.dataclass
class Notice:
    account: str
    kind: str
    klass: str
    talk: str
    about: str
    told_at: float  # when rows were written for devices; infinite: never


@dataclasses.dataclass
class Row:
    """A row of the outbox: a notice to be sent to a device."""
    notice: str
    device: str
    at: float
    leases: list = dataclasses.field(default_factory=list)  # [at, whether it was settled]
    gone_at: float = math.inf

    def leased_for(self, at):
        """When the lease began in which something was sent at that time: the earliest one, where
        those before were not settled, for their worker died."""
        leases = [lease for lease in self.leases if lease[0] <= at]
        while len(leases) > 1 and not leases[-2][1]:
            leases.pop()
        return leases[-1][0] if leases else at


def read_log(lines):
    """({id: Notice}, {(notice, device): Row}) of the table push_log."""
    notices, rows = {}, {}
    for line in lines:
        what, at, key = line["what"], line["at"], (line["notice"], line["device"])
        if what == "notice":
            notices[line["notice"]] = Notice(line["account"], line["kind"], line["class"],
                                             line["talk"], line["about"],
                                             math.inf if line["waits"] else at)
        elif what == "told":
            notices[line["notice"]].told_at = at
        elif what == "row":
            rows[key] = Row(*key, at)
        elif what == "lease":
            rows[key].leases.append([at, False])
        elif rows[key].leases:
            rows[key].leases[-1][1] = True
            rows[key].gone_at = at if what == "gone" else math.inf
    return notices, rows


# What the providers say.

@dataclasses.dataclass
class Sent:
    """A request for a message as a provider got it."""
    id: str
    address: str
    at: float
    status: object   # None: it was not answered
    collapse: tuple  # what the phone replaces by


def message_id(notice, device):
    """As the server makes it: a UUID of version 8."""
    made = bytearray(hashlib.blake2b(uuid.UUID(notice).bytes + uuid.UUID(device).bytes,
                                     digest_size=16).digest())
    made[6] = 0x80 | made[6] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(made)))
