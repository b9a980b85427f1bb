"""Payouts of BENCH_VENDORS (10,000) vendors, and a statement of BENCH_LINES (10,000) lines.

    BENCH_BUILD=build python3 bench/payouts.py
"""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.request
import uuid

from place import BUILD, Server, say

VENDORS = int(os.environ.get("BENCH_VENDORS", "10000"))
LINES = int(os.environ.get("BENCH_LINES", "10000"))
ADMIN, OWNER, PASSWORD = "bench@example.com", "owner@example.com", "correct horse battery"
# Each vendor has bank details, and money that somebody owed to it.
EARNED = f"""
insert into vendor (id, slug, name, state)
select gen_random_uuid(), 'v-' || n, 'V', 'approved' from generate_series(1, {VENDORS}) n;
insert into payout_account (vendor_id, id, holder, country, iban, masked, entered_by, active_at)
select id, gen_random_uuid(), 'V', 'DE', 'DE89370400440532013000', '3000', id, now() from vendor;
insert into vendor_balance (vendor_id, currency) select id, 'USD' from vendor;
with j as (
	insert into journal (id, cause_kind, cause_id, currency, vendor_id, actor)
	select journal_new_id(), 'debt_paid', gen_random_uuid(), 'USD', v.id, 'system'
	from vendor v cross join generate_series(1, case v.slug when 'v-1' then {LINES} else 1 end)
	returning id, vendor_id
)
insert into journal_entry (journal_id, account, vendor_id, item, amount)
select j.id, e.account, e.vendor, 'debt', e.amount
from j cross join lateral (values ('bank', null, 1), ('available', j.vendor_id, -1))
	e (account, vendor, amount);
vacuum analyze;"""


def call(server, method, path, token=None, body=None):
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    asked = urllib.request.Request(server.url + path, method=method, headers=headers,
                                   data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(asked, timeout=60) as reply:
        return reply.read()


def account(server, email):
    """An admin's access token, who may be staff, too: a registration takes a mail."""
    subprocess.run([BUILD / "sebez", "admin", "create", "--email", email, "--password", PASSWORD],
                   env=server.environment, check=True, capture_output=True)
    return json.loads(call(server, "POST", "/v1/auth/login", body={
        "email": email, "password": PASSWORD}))["access_token"]


def run(server, token):
    """Until nobody is due."""
    began, made, slowest = time.monotonic(), 0, 0
    while True:
        begun = time.monotonic()
        done = json.loads(call(server, "POST", "/v1/admin/payouts/run", token, {}))
        slowest = max(slowest, time.monotonic() - begun)
        made += done["count"]
        if not done["more"]:
            return made, time.monotonic() - began, slowest


def statement(server, token, vendor, format):
    month = time.strftime("%Y-%m", time.gmtime())
    times = []
    for _ in range(5):
        begun = time.monotonic()
        text = call(server, "GET", f"/v1/vendors/{vendor}/statements/{month}?format={format}",
                    token)
        times.append(time.monotonic() - begun)
    return text, sorted(times)[len(times) // 2]


def opened(where):
    os.chmod(where, 0o755)  # PostgreSQL may run as another user
    return pathlib.Path(where)


def main():
    with tempfile.TemporaryDirectory() as where, \
            Server(opened(where) / "data", SEBEZ_LIMITS="no") as server:
        admin, owner = (account(server, email) for email in (ADMIN, OWNER))
        server.psql(EARNED)
        ((vendor,),) = server.psql(
            "insert into staff (vendor_id, account_id, role) select v.id, a.id, 'owner' "
            f"from vendor v, account a where v.slug = 'v-1' and a.email = '{OWNER}' "
            "returning vendor_id")
        for format in ("json", "pdf"):
            text, seconds = statement(server, owner, vendor, format)
            lines = len(json.loads(text)["lines"]) if format == "json" else LINES
            say(f"  a statement of {lines} lines, {len(text) / 1e6:.1f} MB of {format}: "
                f"{seconds * 1000:.0f} ms")
        made, seconds, slowest = run(server, admin)
        say(f"  {made} payouts in {seconds:.2f} s, the slowest call {slowest * 1000:.0f} ms")
        if made != VENDORS:
            raise SystemExit(f"{VENDORS} vendors have money")


if __name__ == "__main__":
    main()
