"""What must hold of the data, from the areas' checks.sql, as `sebez check --data` asks it."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

import gen_schema  # noqa: E402

CHECKS = [check for path in sorted(ROOT.glob("src/*/*/checks.sql"))
          for check in gen_schema.checks(f"{path.parent.name}/checks.sql", path.read_text())]


def broken(cursor):
    """{title: an offender} of the checks that do not hold in the cursor's transaction."""
    found = {}
    for _area, title, query in CHECKS:
        cursor.execute("select (array_agg(who))[1] "
                       f"from ({query}) as bad (who) having count(*) > 0")
        for (offender,) in cursor.fetchall():
            found[title] = offender
    return found
