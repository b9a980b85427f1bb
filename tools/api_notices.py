"""The notices of a contract: which events tell whom, with which link (x-notice on the schema of an
event; docs/NOTIFICATIONS.md). A schema without an event says in x-cause what else its notices are
written for; whoever writes them gives link, group and data."""

import re
from dataclasses import dataclass

KEYS = {"notice", "to", "when", "unless", "class", "channels", "link", "group", "data", "lifetime",
        "wait"}
NEEDED = ("notice", "to", "class", "channels", "link", "lifetime")
# Of a notice without an event.
CAUSE_KEYS = {"notice", "to", "class", "channels", "lifetime"}
NAME = re.compile(r"[a-z]+(_[a-z]+)*")
PERIOD = re.compile(r"[1-9][0-9]{0,3} (s|minutes?|hours?|days?)")
INSERT = re.compile(r"\{([^{}]*)\}")
SHOWN = ("uuid", "text", "int", "bigint", "enum")  # members that a link or a group may have
KEPT = (*SHOWN, "bool", "time", "money")           # and data
CHANNELS = ("push", "in_app", "email")
# What the wait is for: whether a device has this message by then.
MESSAGE = ("conversation_id", "seq")


@dataclass
class Notice:
    name: str
    event: str       # or None: see cause
    roles: list      # of staff; empty: the customer
    when: dict       # member -> the values that it may have; None: it is null or not there
    unless: dict     # member -> a value that excludes the notice
    klass: str
    channels: list
    link: str
    group: str       # or None
    data: list       # members
    lifetime: str
    wait: str        # or None
    cause: str = None


class Notices:
    """All notices in the order of the contract. Of the entries of an event, an account is told by
    the first that fits."""

    def __init__(self, contract):
        self.contract = contract
        self.all = []
        schemas = contract.document["components"].get("schemas", {})
        self.classes = schemas.get("NoticeClass", {}).get("enum", [])
        for name, schema in schemas.items():
            if "x-notice" in schema and not {"x-event", "x-cause"} & schema.keys():
                contract.error(name, "x-notice is for schemas with x-event or x-cause")
        for event, name in contract.events.items():
            for number, entry in enumerate(schemas[name].get("x-notice", [])):
                self._entry(f"{name} x-notice/{number}", event, name, entry)
        for name, schema in schemas.items():
            if "x-cause" in schema and "x-event" not in schema:
                for number, entry in enumerate(schema.get("x-notice", [])):
                    self._caused(f"{name} x-notice/{number}", schema["x-cause"], entry)
        if self.all and "NoticeKind" not in schemas:
            contract.error("NoticeKind", "there are notices, but no such schema for them")
        elif self.all:
            schemas["NoticeKind"]["enum"] = [notice.name for notice in self.all]

    def _entry(self, where, event, schema, entry):
        wrong = self._wrong_keys(entry)
        if wrong:
            self.contract.error(where, wrong)
            return
        where = f"{where} ({entry['notice']})"
        self.members = {m.name: m for m in self.contract.payloads.events[event].shape.members}
        made = Notice(entry["notice"], event, self._roles(where, schema, entry["to"]),
                      self._values(where, "when", entry.get("when", {})),
                      self._values(where, "unless", entry.get("unless", {})), entry["class"],
                      entry["channels"], entry["link"], entry.get("group"), entry.get("data", []),
                      entry["lifetime"], entry.get("wait"))
        self._check_names(where, made)
        self._check_text(where, "link", made.link, made)
        if not made.link.startswith("/"):
            self.contract.error(where, f"link {made.link!r} does not begin with /")
        if made.group is not None:
            self._check_text(where, "group", made.group, made)
        self._check_data(where, made)
        self._check_periods(where, made)
        self.all.append(made)

    def _caused(self, where, cause, entry):
        wrong = self._wrong_keys(entry, CAUSE_KEYS, sorted(CAUSE_KEYS))
        if wrong or entry["to"] != "customer":
            self.contract.error(where, wrong or "without an event it can tell the customer only")
            return
        made = Notice(entry["notice"], None, [], {}, {}, entry["class"], entry["channels"], "",
                      None, [], entry["lifetime"], None, cause)
        where = f"{where} ({made.name})"
        self._check_names(where, made)
        self._check_periods(where, made)
        self.all.append(made)

    @staticmethod
    def _wrong_keys(entry, known=frozenset(KEYS), needed=NEEDED):
        if not isinstance(entry, dict):
            return "is not an object"
        for key in sorted(entry.keys() - known):
            return f"has an unknown member {key!r}"
        for key in needed:
            if key not in entry:
                return f"lacks {key!r}"
        for key in ("link", "group"):
            if not isinstance(entry.get(key, ""), str):
                return f"{key!r} is not a text"
        for key in ("when", "unless"):
            if not isinstance(entry.get(key, {}), dict):
                return f"{key!r} is not an object"
        for key in ("channels", "data"):
            if not isinstance(entry.get(key, []), list):
                return f"{key!r} is not a list"
        return None

    def _check_names(self, where, made):
        error = self.contract.error
        if not NAME.fullmatch(str(made.name)):
            error(where, f"notice {made.name!r} must be a word_of_its_own")
        if made.name in [other.name for other in self.all]:
            error(where, f"notice {made.name!r} is there twice")
        if made.klass not in self.classes:
            error(where, f"class {made.klass!r} is not one of {', '.join(self.classes)}")
        if not made.channels or len(set(made.channels)) < len(made.channels):
            error(where, "channels must name at least one, and none twice")
        for channel in made.channels:
            if channel not in CHANNELS:
                error(where, f"channel {channel!r} is not one of {', '.join(CHANNELS)}")

    def _roles(self, where, schema, to):
        """Whom to tell: [] stands for the customer. Owners are always told."""
        if to == "customer":
            return []
        if not isinstance(to, list) or not to:
            self.contract.error(where, f"to {to!r} is neither 'customer' nor a list of roles")
            return []
        told = self.contract.staff_of(schema)
        for role in to:
            if role not in self.contract.roles["staff"]:
                self.contract.error(where, f"to: staff has no role {role!r}")
            elif role not in told:
                self.contract.error(where, f"to: the event is withheld from {role!r} (x-staff)")
        return [role for role in told if role in to or role == told[0]]

    def _values(self, where, key, wanted):
        out = {}
        for name, values in wanted.items():
            values = values if isinstance(values, list) else [values]
            member = self.members.get(name)
            if member is None:
                self.contract.error(where, f"{key}: the payload has no member {name!r}")
                continue
            for value in values:
                problem = self._wrong_value(member, value)
                if problem:
                    self.contract.error(where, f"{key}: {name!r} {problem}")
            out[name] = values
        return out

    @staticmethod
    def _wrong_value(member, value):
        if value is None:
            may = member.nullable or not member.required
            return None if may else "is always there, and never null"
        if member.type == "enum":
            good = value in member.enum.values
        elif member.type == "bool":
            good = isinstance(value, bool)
        elif member.type in ("int", "bigint"):
            good = isinstance(value, int) and not isinstance(value, bool)
        else:
            return f"is compared with null only, as its type is {member.type}"
        return None if good else f"cannot be {value!r}"

    def _is_there(self, name, made):
        member = self.members[name]
        return (member.required and not member.nullable) or None in made.unless.get(name, []) or (
            name in made.when and None not in made.when[name])

    def _check_text(self, where, key, text, made):
        left = INSERT.sub("", text)
        if "{" in left or "}" in left:
            self.contract.error(where, f"{key} {text!r} has a brace without its other")
        for name in INSERT.findall(text):
            if name == "vendor_id" and made.roles:
                continue  # of the staff
            if name not in self.members:
                self.contract.error(where, f"{key}: the payload has no member {name!r}")
            elif self.members[name].type not in SHOWN:
                self.contract.error(where, f"{key}: {name!r} is no text and no number")
            elif not self._is_there(name, made):
                self.contract.error(
                    where, f"{key}: {name!r} may be missing: exclude that ('unless')")

    def _check_data(self, where, made):
        for name in made.data:
            if name not in self.members:
                self.contract.error(where, f"data: the payload has no member {name!r}")
            elif self.members[name].type not in KEPT:
                self.contract.error(where, f"data: {name!r} is neither a value nor an amount")

    def _check_periods(self, where, made):
        for key, value in (("lifetime", made.lifetime), ("wait", made.wait)):
            if value is not None and not PERIOD.fullmatch(str(value)):
                self.contract.error(where, f"{key} {value!r} is no period, such as '3 days'")
            elif key == "wait" and value and not set(MESSAGE) <= set(made.data):
                self.contract.error(where, "wait is for messages: data must have "
                                           + " and ".join(MESSAGE))


def quoted(text):
    return "null" if text is None else "'" + str(text).replace("'", "''") + "'"


def listed(words):
    return "array[" + ", ".join(quoted(word) for word in words) + "]"


def value_sql(name):
    return f"payload ->> {quoted(name)}"


def text_sql(text, roles):
    """The text with its members inserted."""
    if text is None:
        return "null::text"
    parts = []
    for index, part in enumerate(INSERT.split(text)):
        if index % 2:
            parts.append("owner" if part == "vendor_id" and roles else f"({value_sql(part)})")
        elif part:
            parts.append(quoted(part))
    return " || ".join(parts) if len(parts) > 1 else f"({parts[0]})::text"


def written(value):
    return str(value).lower() if isinstance(value, bool) else value


def condition_sql(name, values):
    """That the member has one of the values; never null."""
    words = [written(value) for value in values if value is not None]
    tests = [f"{value_sql(name)} is null"] if None in values else []
    if words:
        tests.append(f"coalesce({value_sql(name)} in ({', '.join(map(quoted, words))}), false)")
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


def match_sql(place, notice):
    conditions = [f"kind = {quoted(notice.event)}"]
    conditions += [condition_sql(name, values) for name, values in notice.when.items()]
    conditions += [f"not {condition_sql(name, values)}" for name, values in notice.unless.items()]
    data = ", ".join(f"{quoted(name)}, payload -> {quoted(name)}" for name in notice.data)
    return (f"\tselect {place}, {quoted(notice.name)}, {text_sql(notice.link, notice.roles)}, "
            f"{text_sql(notice.group, notice.roles)},\n"
            f"\t\tjson_build_object({data})\n\twhere {' and '.join(conditions)}")


def kind_sql(notice):
    roles = (" | ".join(f"staff_role_bit({quoted(role)})" for role in notice.roles)
             if notice.roles else "null::int")
    return (f"\t({quoted(notice.name)}, {quoted(notice.event)}, {quoted(notice.klass)}, {roles}, "
            f"{listed(notice.channels)}, interval {quoted(notice.lifetime)}, "
            f"interval {quoted(notice.wait or '0 s')})")


SQL = """
-- The notices. roles: the bits of the staff who are told; null: the customer is. event: null when
-- none tells it.
create function notice_kinds() returns table (notice text, event text, class text, roles int,
	channels text[], lifetime interval, wait interval)
language sql immutable parallel safe as $$
	values
{kinds}
$$;
grant execute on function notice_kinds() to sebez_jobs;

-- What an event of this owner tells, by the entries of its kind that fit: an account by the
-- first.
create function notice_matches(kind text, payload json, owner uuid) returns table (place int,
	notice text, link text, group_key text, data json)
language sql stable parallel safe as $$
{matches}
$$;
grant execute on function notice_matches(text, json, uuid) to sebez_jobs;
"""


def sql(notices):
    if not notices.all:
        return ""
    return SQL.format(kinds=",\n".join(map(kind_sql, notices.all)),
                      matches="\n\tunion all\n".join(
                          match_sql(place, each) for place, each in enumerate(notices.all, 1)
                          if each.event))


def table(notices):
    """For docs/NOTIFICATIONS.md."""
    out = ["| notice | event | when | who | class | channels | link |",
           "|---|---|---|---|---|---|---|"]
    for each in notices.all:
        when = [f"`{name}`: {' or '.join(map(shown, values))}"
                for name, values in each.when.items()]
        when += [f"`{name}` not {' or '.join(map(shown, values))}"
                 for name, values in each.unless.items()]
        who = f"staff: {', '.join(each.roles)}" if each.roles else "customer"
        wait = f", after {each.wait}" if each.wait else ""
        event = f"`{each.event}`" if each.event else "none"
        link = f"`{each.link}`" if each.event else f"of the {each.cause}"
        when = when or ([f"a {each.cause} is sent"] if each.cause else [])
        out.append(f"| `{each.name}` | {event} | {'; '.join(when)} | {who} | {each.klass} | "
                   f"{', '.join(each.channels)}{wait} | {link} |")
    return "\n".join(out)


def shown(value):
    return "none" if value is None else str(written(value))
