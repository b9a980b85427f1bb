"""tests/lint/migrations.py: what a migration may not do while the release before serves."""
import pathlib
import subprocess

import pytest

LINT = pathlib.Path(__file__).resolve().parents[1] / "lint/migrations.py"
FIRST = "set local lock_timeout = '2s';\n"


def lint(tmp_path, text, name="0001_what.sql"):
    (tmp_path / name).write_text(text)
    done = subprocess.run([LINT, tmp_path / name], capture_output=True, text=True, check=False)
    assert done.stderr == "" and done.returncode == (1 if done.stdout else 0)
    return done.stdout.splitlines()


@pytest.mark.parametrize("statement", [
    "alter table shop_order add column note text",
    "alter table shop_order add column tips bigint not null default 0",
    "alter table shop_order add constraint positive check (total >= 0) not valid",
    "alter table shop_order validate constraint positive",
    "create table tip (id uuid primary key, at timestamptz not null default clock_timestamp());"
    " create index tip_at on tip (at); alter table tip enable row level security",
    "update shop_setting set tips = 0 where tips is null",
    "create function tip() returns int language plpgsql as $$ begin delete from tip; end $$",
    "-- fine: twenty rows\ncreate index category_name on category (name)",
    "insert into note values ('drop table; it''s text')",
])
def test_a_migration_may_do_what_holds_nobody_up(tmp_path, statement):
    assert lint(tmp_path, FIRST + statement + ";\n") == []


@pytest.mark.parametrize("statement, said", [
    ("create index order_note on shop_order (note)", "blocks writes"),
    ("create unique index concurrently order_note on shop_order (note)", "one transaction"),
    ("alter table shop_order alter column total type numeric", "rewrites"),
    ("alter table shop_order alter note set not null", "scans"),
    ("alter table shop_order add note text not null", "does not give a value"),
    ("alter table shop_order add column key uuid default gen_random_uuid()", "rewrites"),
    ("alter table shop_order add column t tsvector generated always as (x) stored", "rewrites"),
    ("alter table shop_order add constraint positive check (total >= 0)", "not valid"),
    ("alter table shop_order add foreign key (account_id) references account", "not valid"),
    ("alter table shop_order add constraint one unique (note)", "blocks writes"),
    ("alter table shop_order drop column note", "the next release"),
    ("alter table shop_order rename column note to notes", "the next release"),
    ("drop table tip", "the next release"),
    ("lock table shop_order", "whole table"),
    ("update shop_order set note = ''", "in steps"),
])
def test_a_migration_may_not_hold_up_who_is_served(tmp_path, statement, said):
    (line,) = lint(tmp_path, FIRST + "\n" + statement + ";\n")
    assert line.startswith("0001_what.sql:3: ") and said in line


def test_a_migration_gives_up_when_it_cannot_have_a_lock(tmp_path):
    for text in ("select 1;", "set local lock_timeout = '10s';", ""):
        (line,) = lint(tmp_path, text)
        assert "lock_timeout" in line


def test_migrations_are_numbered(tmp_path):
    (line,) = lint(tmp_path, FIRST, name="tips.sql")
    assert "NNNN_what.sql" in line
