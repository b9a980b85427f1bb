"""Counts of the figure "cost": the kernel's of CPU time, and PostgreSQL's own."""
import contextlib
import os
import pathlib
import re
import subprocess
import time

import feed
from place import BUILD

TICKS = os.sysconf("SC_CLK_TCK")

COUNTS = """
select xact_commit + xact_rollback, wal_sync
from pg_stat_database, pg_stat_wal where datname = current_database()
"""
LOG = """
create extension if not exists pg_walinspect;
select "resource_manager/record_type", count, record_size, fpi_size
from pg_get_wal_stats(:'begin', :'end', true) where count > 0 order by record_size desc
"""
STATEMENTS = """
select r.rolname, s.toplevel, s.calls, s.total_exec_time, s.rows, s.wal_bytes,
       regexp_replace(s.query, '\\s+', ' ', 'g')
from pg_stat_statements s join pg_roles r on r.oid = s.userid
where r.rolname <> 'sebez_super' order by s.total_exec_time desc
"""
FUNCTIONS = """
select funcname, calls, total_time, self_time from pg_stat_user_functions
where calls > 0 order by self_time desc
"""
TABLES = """
select relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del from pg_stat_user_tables
where n_tup_ins + n_tup_upd + n_tup_del > 0 order by n_tup_ins + n_tup_upd + n_tup_del desc
"""
UNUSED = """
select i.relname, i.indexrelname, x.indisunique, t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd
from pg_stat_user_indexes i join pg_index x using (indexrelid)
join pg_stat_user_tables t on t.relid = i.relid
where i.idx_scan = 0 and t.n_tup_ins + t.n_tup_upd - t.n_tup_hot_upd > 0
order by 4 desc, 2
"""


def log_position(server):
    return server.psql("select pg_current_wal_flush_lsn()")[0][0]


def fields(pid):
    """(name, seconds of its own, seconds of children that have ended)"""
    name, _, rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    times = [int(word) / TICKS for word in rest.split()[11:15]]
    return name.partition("(")[2], times[0] + times[1], times[2] + times[3]


def kind_of(pid, name):
    """What a process is: of Sebez, Redis, or one of PostgreSQL and for which role."""
    if name.startswith("sebez"):
        return re.sub(r" \d+$", "", name)
    if name != "postgres":
        return "redis"
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split()
    role = words[1] if len(words) > 1 and words[1].startswith("sebez_") else "background"
    return f"postgres {role}"


def cpu(server):
    """{pid: (kind, seconds)} of all that live, and the seconds of those of PostgreSQL and Redis
    that have ended."""
    found, ended = {}, 0
    for pid in feed.family(server.process.pid):
        with contextlib.suppress(OSError):
            name, own, children = fields(pid)
            kind = kind_of(pid, name)
            found[pid] = (kind, own)
            if not kind.startswith("sebez"):
                ended += children
    return found, ended


def pools(server):
    """Statements, and the batches that they were sent in, by role."""
    found = {}
    for name, role, value in re.findall(
            r'^sebez_pool_(batches|statements)_total{[^}]*role="(\w+)"} (\S+)$', server.metrics(),
            re.M):
        found[f"{name} {role}"] = found.get(f"{name} {role}", 0) + float(value)
    return found


def read(server):
    transactions, flushes = server.psql(COUNTS)[0]
    return {"at": time.monotonic(), "cpu": cpu(server), "log": log_position(server),
            "counts": {"transactions": int(transactions), "flushes": int(flushes),
                       **pools(server)}}


def spent(before, after):
    """Milliseconds of CPU by kind of process."""
    old, old_ended = before["cpu"]
    new, new_ended = after["cpu"]
    found = {}
    for pid, (kind, seconds) in new.items():
        found[kind] = found.get(kind, 0) + seconds - old.get(pid, ("", 0))[1]
    gone = sum(seconds for pid, (kind, seconds) in old.items()
               if pid not in new and not kind.startswith("sebez"))
    found["postgres ended"] = new_ended - old_ended - gone
    return {kind: seconds * 1000 for kind, seconds in found.items()}


def grown(before, after):
    return {name: value - before["counts"].get(name, 0) for name, value in after["counts"].items()}


def of_each(before, after, idle, count):
    """CPU and counts of each request, less those of an idle server."""
    ratio = (after["at"] - before["at"]) / (idle[1]["at"] - idle[0]["at"])
    result = {}
    for name, difference in (("cpu_ms", spent), ("counts", grown)):
        rest = difference(*idle)
        result[name] = {key: (value - rest.get(key, 0) * ratio) / count
                        for key, value in difference(before, after).items()}
    return result


def log_of_each(server, before, after, count):
    """Records and bytes of the write-ahead log by kind of record."""
    rows = server.psql(LOG, begin=before["log"], end=after["log"])
    records = [{"kind": kind, "records": int(records) / count, "bytes": int(size) / count,
                "image_bytes": int(image) / count} for kind, records, size, image in rows]
    return {"records": sum(one["records"] for one in records),
            "bytes": sum(one["bytes"] for one in records),
            "image_bytes": sum(one["image_bytes"] for one in records),
            "commits": sum(one["records"] for one in records
                           if one["kind"].startswith("Transaction/COMMIT")),
            "by_kind": records}


def comparable(text):
    """A statement without its constants, which pg_stat_statements replaces by parameters."""
    text = re.sub(r"'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?\b|\b(?:true|false|null)\b", "?", text,
                  flags=re.I)
    return re.sub(r"\s+", "", text).lower()


def names():
    """{text: name} of the generated statements."""
    lines = subprocess.run([BUILD / "bench/statements"], capture_output=True, text=True, check=True)
    return {comparable(text): name for name, _, _, text in
            (line.split("\t", 3) for line in lines.stdout.splitlines())}


def shares(server, count):
    known = names()
    statements = [
        {"role": role.removeprefix("sebez_"), "top": top == "t", "calls": int(calls) / count,
         "ms": float(ms) / count, "rows": int(rows) / count, "log_bytes": int(size) / count,
         "name": known.get(comparable(text)), "text": text}
        for role, top, calls, ms, rows, size, text in server.psql(STATEMENTS)]
    return {
        "statements": statements,
        "functions": [{"name": name, "calls": int(calls) / count, "ms": float(total) / count,
                       "self_ms": float(own) / count}
                      for name, calls, total, own in server.psql(FUNCTIONS)],
        "tables": [{"name": name, **dict(zip(("inserted", "updated", "hot", "deleted"),
                                             (int(value) / count for value in values)))}
                   for name, *values in server.psql(TABLES)],
        "unused": [{"table": table, "name": name, "unique": unique == "t",
                    "writes": int(writes) / count}
                   for table, name, unique, writes in server.psql(UNUSED)],
    }
