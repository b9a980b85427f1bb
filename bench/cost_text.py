"""Tables of the figure "cost"."""
from place import say

STATEMENTS = 25
FUNCTIONS = 15
RECORDS = 12


def summary(sums):
    """{what: how much} of one request."""
    cpu, counts, log = sums["cpu_ms"], sums["counts"], sums["log"]

    def of(kind):
        return sum(value for name, value in counts.items() if name.startswith(kind))

    return {"PostgreSQL, CPU ms": sums["postgres_ms"], "Redis, CPU ms": cpu["redis"],
            "Sebez, CPU ms": sum(ms for kind, ms in cpu.items() if kind.startswith("sebez")),
            "statements": of("statements"), "batches": of("batches"),
            "transactions": counts["transactions"], "commits": log["commits"],
            "log flushes": counts["flushes"], "log records": log["records"],
            "log bytes": log["bytes"], "of full-page images": log["image_bytes"]}


def print_beside(title, before, after):
    say(f"\n{title:24} {'before':>10} {'after':>10} {'ratio':>7}")
    before, after = summary(before), summary(after)
    for what, value in before.items():
        ratio = f"{value / after[what]:7.2f}" if after[what] > 0 else ""
        say(f"{what:24} {value:10.2f} {after[what]:10.2f} {ratio}")


def print_sums(sums):
    cpu, counts, log = sums["cpu_ms"], sums["counts"], sums["log"]
    postgres = {kind: ms for kind, ms in cpu.items() if kind.startswith("postgres")}
    say(f"  CPU: PostgreSQL {sums['postgres_ms']:.2f} ms ("
        + ", ".join(f"{kind.removeprefix('postgres ').removeprefix('sebez_')} {ms:.2f}"
                    for kind, ms in sorted(postgres.items(), key=lambda one: -one[1])
                    if ms >= 0.005) + ")")
    say("  CPU: " + ", ".join(f"{kind} {ms:.2f} ms" for kind, ms in sorted(cpu.items())
                              if not kind.startswith("postgres")))
    for name in ("statements", "batches"):
        of_roles = {role.removeprefix(f"{name} sebez_"): value for role, value in counts.items()
                    if role.startswith(name) and value >= 0.01}
        say(f"  {name}: {sum(of_roles.values()):.2f} ("
            + ", ".join(f"{role} {value:.2f}" for role, value in of_roles.items()) + ")")
    say(f"  transactions {counts['transactions']:.2f}, with a commit record {log['commits']:.2f}, "
        f"flushes of the log {counts['flushes']:.2f}")
    say(f"  log: {log['records']:.1f} records, {log['bytes']:.0f} bytes, and "
        f"{log['image_bytes']:.0f} of full-page images")
    for one in log["by_kind"][:RECORDS]:
        say(f"    {one['records']:7.2f} {one['bytes']:7.0f} bytes  {one['kind']}")


def print_statements(statements):
    whole = sum(one["ms"] for one in statements if one["top"])
    say(f"  {'ms':>7} {'share':>6} {'calls':>7} {'rows':>7} {'log':>6}  role      "
        "statement (- within another one, whose time includes it)")
    for one in statements[:STATEMENTS]:
        text = one["name"] or one["text"][:90]
        say(f"  {one['ms']:7.3f} {one['ms'] / whole:6.1%} {one['calls']:7.2f} {one['rows']:7.2f} "
            f"{one['log_bytes']:6.0f}  {one['role']:9} {'' if one['top'] else '- '}{text}")
    say(f"  {whole:7.3f} in all; statements of clients: "
        f"{sum(one['calls'] for one in statements if one['top']):.2f}, within them "
        f"{sum(one['calls'] for one in statements if not one['top']):.2f}")


def print_shares(shares):
    print_statements(shares["statements"])
    say(f"  {'self ms':>7} {'ms':>7} {'calls':>7}  function")
    for one in shares["functions"][:FUNCTIONS]:
        say(f"  {one['self_ms']:7.3f} {one['ms']:7.3f} {one['calls']:7.2f}  {one['name']}")
    say(f"  {'insert':>7} {'update':>7} {'hot':>7} {'delete':>7}  table, rows")
    for one in shares["tables"]:
        say(f"  {one['inserted']:7.2f} {one['updated']:7.2f} {one['hot']:7.2f} "
            f"{one['deleted']:7.2f}  {one['name']}")
    say(f"  {'writes':>7}  indexes that were written and not read")
    for one in shares["unused"]:
        say(f"  {one['writes']:7.2f}  {one['table']}: {one['name']}"
            + (" (unique)" if one["unique"] else ""))


def print_all(title, result):
    say(f"\n{title}: each costs")
    print_sums(result["sums"])
    print_shares(result["shares"])
