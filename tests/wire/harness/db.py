"""A look inside: the embedded PostgreSQL, through its unix socket. For judging, not for acting."""
import contextlib
import pathlib
import time

import psycopg2
import psycopg2.extras
import psycopg2.sql

from harness.checks import broken

psycopg2.extras.register_uuid()
DATABASE = "sebez"
SUPERUSER = "sebez_super"
LOGIN_ROLES = ("sebez_public", "sebez_auth", "sebez_customer", "sebez_vendor", "sebez_admin",
               "sebez_jobs", "sebez_media")


class Database:
    def __init__(self, data):
        data = pathlib.Path(data)
        elsewhere = data / "run.path"
        self.folder = elsewhere.read_text().strip() if elsewhere.exists() else str(data / "run")
        sockets = list(pathlib.Path(self.folder).rglob(".s.PGSQL.*[0-9]"))
        assert sockets, f"PostgreSQL's socket is not in {self.folder}"
        self.folder = str(sockets[0].parent)
        self.port = int(sockets[0].name.rpartition(".")[2])
        self._connection = None

    def connect(self, role=None):
        """As the superuser; with a role, acting as it and unable to go back to what it was not."""
        connection = psycopg2.connect(host=self.folder, port=self.port, dbname=DATABASE,
                                      user=SUPERUSER)
        if role:
            with connection, connection.cursor() as cursor:
                cursor.execute(psycopg2.sql.SQL("set session authorization {}").format(
                    psycopg2.sql.Identifier(role)))
        return connection

    def rows(self, query, *arguments):
        """Rows as dictionaries, each statement in a transaction of its own."""
        if self._connection is None or self._connection.closed:
            self._connection = self.connect()
            self._connection.autocommit = True
        with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(query, arguments or None)
            # Rows without columns would look like no rows.
            assert cursor.description or not cursor.statusmessage.startswith("SELECT"), query
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    def one(self, query, *arguments):
        """The single value of the single row."""
        (row,) = self.rows(query, *arguments)
        (value,) = row.values()
        return value

    def tables(self):
        return [row["name"] for row in self.rows(
            "select c.relname as name from pg_class c "
            "join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'public' and c.relkind in ('r', 'p') "
            "and not c.relispartition order by 1")]

    def columns(self, table):
        return {row["name"] for row in self.rows(
            "select attname as name from pg_attribute where attrelid = %s::regclass "
            "and attnum > 0 and not attisdropped", table)}

    # What a request may leave behind without having had an effect.
    TRACES = ("idempotency_key", "session", "refresh_token")

    def let_effects_leave(self, patience_s=10):
        """Until the events are followed, and the jobs process has delivered the outbox and ranked
        the products, or does not come to it. Pushes, mails and calls wait for others."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and self.one(
                "select exists (select from outbox "
                "where topic not like 'push_%' "
                "and topic not in ('live_activity', 'mail', 'webhooks', 'phone_code')) "
                "or exists (select from event e, event_follower f where e.tx > f.tx) "
                "or exists (select from sale_pending) or exists (select from ranking_pending) "
                "or exists (select from ledger_uncarried)"):
            self.rows("select notices_follow(500)")  # sooner than the jobs process does
            self.rows("select ledger_carry(500)")
            self.rows("select webhooks_follow(500)")
            time.sleep(0.01)

    def fingerprint(self, without=TRACES):
        """Of every row: equal before and after means that nothing was written. What earlier calls
        left in the outbox is delivered first; of the outbox itself it counts whether a row was
        added, of notices, which end their wait by themselves, those that were read, and of webhooks
        and their deliveries what their owners asked for, not what became of calls."""
        self.let_effects_leave()
        parts = [f"select '{table}' as t, count(*) as n, "
                 "coalesce(max(xmin::text::bigint), 0) as x, "
                 f"coalesce(sum(hashtext(ctid::text || xmin::text)::bigint), 0) as h from {table}"
                 for table in self.tables() if table not in (
                     *without, "outbox", "notice", "webhook", "webhook_delivery")]
        parts.append("select 'outbox', 0, coalesce(max(id), 0), 0 from outbox")
        parts.append("select 'notice', count(*), 0, 0 from notice where read_at is not null")
        parts.append("select 'webhook', count(*), 0, coalesce(sum(hashtext(concat(id, url, events, "
                     "description, enabled_at, secret_changed_at))::bigint), 0) from webhook")
        parts.append("select 'webhook_delivery', count(*), 0, coalesce(sum(hashtext(concat(id, "
                     "begun_at))::bigint), 0) from webhook_delivery where owner_id is null")
        found = self.rows(" union all ".join(parts))
        return {row["t"]: (row["n"], row["x"], row["h"]) for row in found}

    def check(self):
        """The invariants that do not hold: none."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            return [f"{title}: {offender}" for title, offender in broken(cursor).items()]

    def close(self):
        with contextlib.suppress(Exception):
            self._connection.close()
